-- How many call records there are: they are counted as they come and go, never all at a time.
CREATE TABLE call_record_count (n INTEGER NOT NULL) STRICT;
INSERT INTO call_record_count SELECT count(*) FROM call_record;
CREATE TRIGGER call_record_came AFTER INSERT ON call_record
    BEGIN UPDATE call_record_count SET n = n + 1; END;
CREATE TRIGGER call_record_went AFTER DELETE ON call_record
    BEGIN UPDATE call_record_count SET n = n - 1; END;
