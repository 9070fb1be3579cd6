-- What conferences say, and whether a recording is heard.
ALTER TABLE tenant ADD COLUMN prompts TEXT NOT NULL DEFAULT '{}';
ALTER TABLE tenant ADD COLUMN recording_tone TEXT NOT NULL DEFAULT 'start';
