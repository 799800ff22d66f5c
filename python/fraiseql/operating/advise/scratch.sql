-- snapshot: A name of the transaction's snapshot, for other sessions.
SELECT pg_export_snapshot();

-- roles: Roles that policies name.
SELECT DISTINCT r.rolname::text AS name FROM pg_policy p, unnest(p.polroles) AS t (id)
JOIN pg_roles r ON r.oid = t.id WHERE r.rolname <> 'postgres';

-- settings: Settings of sessions: of the search path not our own.
SELECT name, CASE name WHEN 'search_path' THEN reset_val ELSE current_setting(name) END AS value
FROM pg_settings WHERE name = ANY ($1::text[]);

-- present: The id of a table, or null.
SELECT to_regclass($1)::oid::bigint;

-- use: Set a setting of the session.
SELECT set_config($1, $2, false);
