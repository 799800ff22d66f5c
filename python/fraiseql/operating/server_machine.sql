-- files: Texts of files of the server; null for one that does not exist.
SELECT p.path, pg_read_file(p.path, 0, 1000000, true) AS text FROM unnest($1::text[]) AS p (path);
