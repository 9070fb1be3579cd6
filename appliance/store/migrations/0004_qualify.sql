-- How often a static trunk's carrier is asked whether he is there, in seconds.
ALTER TABLE trunk ADD COLUMN qualify_seconds INTEGER NOT NULL DEFAULT 60;
