-- The uploaded sound that is a tenant's music; without one it is the box's own.
ALTER TABLE tenant ADD COLUMN music INTEGER;
