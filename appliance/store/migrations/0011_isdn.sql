-- The lines of an ISDN trunk and how they are set; nothing for the others.
ALTER TABLE trunk ADD COLUMN isdn TEXT;
