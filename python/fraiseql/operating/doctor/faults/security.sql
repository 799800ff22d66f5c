-- rls_call_per_row: Policies with calls outside of sub-selects, on columns without an index.
SELECT format('%s policy %I', t.name, p.polname) AS object, 'warning' AS severity,
  jsonb_build_object('using', p.expression, 'rows', t.rows, 'threshold_rows', l.policy_rows)
    AS evidence,
  -- Between quotes, what looks like a call may be text: then a person has to look.
  ARRAY[CASE WHEN p.expression ~ '\x27[^\x27]*\([^\x27]*\x27' THEN '# ' ELSE '' END
    || format('ALTER POLICY %I ON %s USING (%s)', p.polname, t.name,
      regexp_replace(p.expression, p.call, '( SELECT \1)', 'g'))] AS command,
  ARRAY[format('ALTER POLICY %I ON %s USING (%s)', p.polname, t.name, p.expression)] AS undo
FROM tables t
CROSS JOIN thresholds l
JOIN (
  SELECT p.oid, p.polrelid, p.polname, pg_get_expr(p.polqual, p.polrelid) AS expression,
    -- Calls of functions that depend on settings, with constants as arguments.
    format('((?<![\w.])(?:current_setting%s)\((?:''[^'']*''(?:::[\w.]+)?|true|false|\d+|,| )*\))', (
      SELECT string_agg(format('|(?:\w+\.)?%s', f.proname), '')
      FROM pg_depend d JOIN pg_proc f ON f.oid = d.refobjid
      WHERE d.classid = 'pg_policy'::regclass AND d.objid = p.oid
        -- A volatile function may differ by row: it is meant to be called for each.
        AND d.refclassid = 'pg_proc'::regclass AND f.provolatile = 's'
        AND f.proname ~ '^\w+$')) AS call
  FROM pg_policy p) p ON p.polrelid = t.oid
WHERE t.relrowsecurity AND t.rows >= l.policy_rows
  -- Sub-selects are evaluated once.
  AND regexp_replace(p.expression, '\( SELECT (?:[^()]|\([^()]*\))*\)', '', 'g') ~ p.call
  AND NOT EXISTS (
    SELECT FROM indexes i JOIN pg_depend d ON d.refobjsubid = i.keys[1]
    WHERE i.indrelid = t.oid AND i.indisvalid AND d.classid = 'pg_policy'::regclass
      AND d.objid = p.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjid = t.oid);

-- rls_policy_without_rls: Tables with policies and without row security.
SELECT t.name AS object, 'error' AS severity,
  jsonb_build_object('policies', (SELECT jsonb_agg(p.polname ORDER BY p.polname)
    FROM pg_policy p WHERE p.polrelid = t.oid)) AS evidence,
  ARRAY[format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', t.name)] AS command,
  ARRAY[format('ALTER TABLE %s DISABLE ROW LEVEL SECURITY', t.name)] AS undo
FROM tables t
WHERE NOT t.relrowsecurity AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = t.oid);

-- rls_bypassed: A login role above row security, or tables whose owner it is.
SELECT format('role %I', r.rolname) AS object, 'warning' AS severity,
  jsonb_build_object('superuser', r.rolsuper, 'bypassrls', r.rolbypassrls, 'tables', s.tables)
    AS evidence,
  ARRAY[CASE WHEN r.rolsuper THEN '# connect as a role that is not a superuser'
    ELSE format('ALTER ROLE %I NOBYPASSRLS', r.rolname) END] AS command,
  CASE WHEN r.rolsuper THEN ARRAY[]::text[]
    ELSE ARRAY[format('ALTER ROLE %I BYPASSRLS', r.rolname)] END AS undo
FROM pg_roles r
CROSS JOIN (SELECT jsonb_agg(t.name ORDER BY t.name) AS tables FROM tables t
  WHERE t.relrowsecurity) s
WHERE r.rolname = session_user AND (r.rolsuper OR r.rolbypassrls) AND s.tables IS NOT NULL
UNION ALL
SELECT t.name, 'warning', jsonb_build_object('owner', r.rolname),
  ARRAY[format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', t.name)],
  ARRAY[format('ALTER TABLE %s NO FORCE ROW LEVEL SECURITY', t.name)]
FROM tables t JOIN pg_roles r ON r.oid = t.relowner
WHERE r.rolname = session_user AND NOT r.rolsuper AND NOT r.rolbypassrls
  AND t.relrowsecurity AND NOT t.relforcerowsecurity;

-- view_skips_rls: Views whose owner is above the row security of a table that they read.
SELECT format('%I.%I', n.nspname, v.relname) AS object, 'warning' AS severity,
  jsonb_build_object('owner', o.rolname, 'tables', jsonb_agg(DISTINCT t.name)) AS evidence,
  ARRAY[format('ALTER VIEW %I.%I SET (security_invoker = true)', n.nspname, v.relname)] AS command,
  ARRAY[format('ALTER VIEW %I.%I RESET (security_invoker)', n.nspname, v.relname)] AS undo
FROM pg_class v
JOIN pg_namespace n ON n.oid = v.relnamespace
JOIN pg_roles o ON o.oid = v.relowner
JOIN pg_rewrite w ON w.ev_class = v.oid
JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
  AND d.refclassid = 'pg_class'::regclass
JOIN tables t ON t.oid = d.refobjid AND t.relrowsecurity
WHERE v.relkind = 'v' AND NOT coalesce(v.reloptions && ARRAY['security_invoker=true',
    'security_invoker=on', 'security_invoker=1', 'security_invoker=yes'], false)
  AND (o.rolsuper OR o.rolbypassrls OR o.oid = t.relowner AND NOT t.relforcerowsecurity)
GROUP BY n.nspname, v.relname, o.rolname;

-- collation_changed: Versions of collations that differ from those of the operating system.
SELECT format('database %I', d.datname) AS object, 'error' AS severity,
  jsonb_build_object('recorded', d.datcollversion,
    'actual', pg_database_collation_actual_version(d.oid)) AS evidence,
  ARRAY[format('REINDEX (CONCURRENTLY) DATABASE %I', d.datname),
    format('ALTER DATABASE %I REFRESH COLLATION VERSION', d.datname)] AS command,
  ARRAY[]::text[] AS undo
FROM pg_database d
WHERE d.datname = current_database()
  AND d.datcollversion <> pg_database_collation_actual_version(d.oid)
UNION ALL
SELECT format('%I.%I', n.nspname, c.collname), 'error',
  jsonb_build_object('recorded', c.collversion, 'actual', pg_collation_actual_version(c.oid),
    'indexes', jsonb_agg(i.name ORDER BY i.name)),
  array_agg(format('REINDEX INDEX CONCURRENTLY %s', i.name) ORDER BY i.name)
    || format('ALTER COLLATION %I.%I REFRESH VERSION', n.nspname, c.collname),
  ARRAY[]::text[]
FROM pg_collation c
JOIN pg_namespace n ON n.oid = c.collnamespace
JOIN indexes i ON c.oid = ANY (i.collations)
WHERE c.collprovider <> 'd' AND c.collversion <> pg_collation_actual_version(c.oid)
GROUP BY n.nspname, c.collname, c.collversion, c.oid;
