-- definitions: Return the definition of each object as PostgreSQL writes it.
SELECT a.kind, a.name, CASE a.kind
  WHEN 'function' THEN (
    SELECT pg_get_functiondef(p.oid) FROM pg_proc p
    WHERE p.oid = CASE WHEN strpos(a.name, '(') > 0 THEN to_regprocedure(a.name)::oid
      ELSE to_regproc(a.name)::oid END)
  WHEN 'view' THEN (
    SELECT pg_get_viewdef(c.oid) FROM pg_class c
    WHERE c.oid = to_regclass(a.name) AND c.relkind = 'v')
  WHEN 'materialized view' THEN (
    SELECT pg_get_viewdef(c.oid) FROM pg_class c
    WHERE c.oid = to_regclass(a.name) AND c.relkind = 'm')
  WHEN 'table' THEN (
    SELECT concat_ws(E'\n', c.relpersistence, c.reloptions::text, (
      SELECT string_agg(concat_ws(' ', t.attname, format_type(t.atttypid, t.atttypmod),
        t.attnotnull, t.attgenerated, pg_get_expr(d.adbin, d.adrelid)), E'\n' ORDER BY t.attnum)
      FROM pg_attribute t LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = t.attnum
      WHERE t.attrelid = c.oid AND t.attnum > 0 AND NOT t.attisdropped), (
      SELECT string_agg(concat_ws(' ', k.conname, pg_get_constraintdef(k.oid)), E'\n'
        ORDER BY k.conname)
      FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype NOT IN ('n', 't')))
    FROM pg_class c WHERE c.oid = to_regclass(a.name) AND c.relkind IN ('r', 'p'))
  WHEN 'index' THEN (
    SELECT concat_ws(' ', pg_get_indexdef(i.indexrelid), i.indisvalid)
    FROM pg_index i WHERE i.indexrelid = to_regclass(a.name))
  -- Either of its two slots, without its cut-off: moving it on is no change.
  WHEN 'rolling index' THEN (
    SELECT min(regexp_replace(pg_get_indexdef(i.indexrelid), '_[ab]"? ON |''[^'']*''', '', 'g'))
    FROM pg_index i
    WHERE i.indisvalid AND i.indexrelid IN (
      to_regclass(left(a.name, -1) || '_a"'), to_regclass(left(a.name, -1) || '_b"')))
  WHEN 'column' THEN (
    SELECT concat_ws(' ', t.attname, format_type(t.atttypid, t.atttypmod), t.attgenerated,
      pg_get_expr(d.adbin, d.adrelid))
    FROM pg_attribute t LEFT JOIN pg_attrdef d ON d.adrelid = t.attrelid AND d.adnum = t.attnum
    WHERE t.attrelid = to_regclass(concat(quote_ident((parse_ident(a.name))[1]), '.',
        quote_ident((parse_ident(a.name))[2])))
      AND t.attname = (parse_ident(a.name))[3] AND NOT t.attisdropped)
  WHEN 'trigger' THEN (
    SELECT concat_ws(' ', pg_get_triggerdef(g.oid), g.tgenabled, (
      -- Of a row trigger of a partitioned table, its copies that are not enabled as it is.
      SELECT string_agg(concat(k.tgrelid::regclass, k.tgenabled), ' ' ORDER BY k.tgrelid)
      FROM pg_partition_tree(g.tgrelid) t JOIN pg_trigger k ON k.tgrelid = t.relid
        AND k.tgname = g.tgname AND k.tgparentid <> 0 AND k.tgenabled <> g.tgenabled))
    FROM pg_trigger g
    WHERE NOT g.tgisinternal AND g.tgparentid = 0
      AND g.tgrelid = to_regclass(split_part(a.name, ' ON ', 2))
      AND g.tgname = (parse_ident(split_part(a.name, ' ON ', 1)))[1])
  END AS seen
FROM unnest($1::text[], $2::text[]) AS a (kind, name);
