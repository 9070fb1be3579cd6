-- How calls of a route leave by digital lines: how their number is marked, and on which timeslots.
ALTER TABLE outbound_route ADD COLUMN numbering TEXT;
ALTER TABLE outbound_route ADD COLUMN channels TEXT;
