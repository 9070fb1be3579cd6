-- Whether the media of phones may go past the box; a device without says what its tenant says.
ALTER TABLE tenant ADD COLUMN media_path TEXT NOT NULL DEFAULT 'anchored';
ALTER TABLE device ADD COLUMN media_path TEXT;
