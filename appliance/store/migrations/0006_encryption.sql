-- Whether a side's sound is encrypted; a trunk or device without has its tenant's.
ALTER TABLE tenant ADD COLUMN encryption TEXT NOT NULL DEFAULT 'opportunistic';
ALTER TABLE trunk ADD COLUMN encryption TEXT;
ALTER TABLE device ADD COLUMN encryption TEXT;
