-- Calls are found by a part of a number or a name: `search` has them all, in small letters, a line
-- each. `lowercase` is the program's own, which knows more letters than those of ASCII.
ALTER TABLE call_record ADD COLUMN search TEXT NOT NULL DEFAULT '';
UPDATE call_record SET search = lowercase(concat_ws(char(10),
    nullif(from_number, ''), nullif(from_name, ''), nullif(to_number, ''), nullif(to_name, ''),
    (SELECT group_concat(concat_ws(char(10),
            json_extract(value, '$.number'), json_extract(value, '$.name')), char(10))
        FROM json_each(detail, '$.talking')),
    nullif(dialled, '')));

-- Grows at its end, like the table. A search reads it from the newest call on, without the table.
DROP INDEX call_record_started;
CREATE INDEX call_record_started ON call_record (started, search);
