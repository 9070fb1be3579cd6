-- Which codecs a side is offered and may speak, as JSON; a trunk or device without has its tenant's.
ALTER TABLE tenant ADD COLUMN codecs TEXT NOT NULL DEFAULT '{}';
ALTER TABLE trunk ADD COLUMN codecs TEXT;
ALTER TABLE device ADD COLUMN codecs TEXT;
