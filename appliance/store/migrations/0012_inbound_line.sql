-- Which calls of digital lines a route takes: on which timeslots, and how their number is marked.
ALTER TABLE inbound_route ADD COLUMN channels TEXT;
ALTER TABLE inbound_route ADD COLUMN number_type TEXT;
