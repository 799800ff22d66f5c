-- statistics: Values of a column: the most common ones, and bounds of the others.
SELECT coalesce(s.most_common_vals::text::text[], '{}') AS common,
  coalesce(s.most_common_freqs::float8[], '{}') AS shares,
  coalesce(s.histogram_bounds::text::text[], '{}') AS bounds
FROM pg_stats s
WHERE s.schemaname = $1 AND s.tablename = $2 AND s.attname = $3
ORDER BY s.inherited DESC LIMIT 1;
