"""SQL of the demo's own resolvers."""

from typing import Final

PUNCTUALITY: Final = """
SELECT carrier, round(avg((arr_delay <= 15)::int), 4)::float8 AS share
FROM fraiseql_demo.tb_flight
WHERE carrier = ANY ($1::text[]) AND arr_delay IS NOT NULL
GROUP BY carrier
"""
"""Share of arrivals at most 15 minutes late of each carrier in $1."""

BUSIEST_ROUTES: Final = """
SELECT origin, dest, count(*) AS flights,
       count(*) FILTER (WHERE dep_time IS NULL) AS cancelled,
       round(avg(dep_delay), 2)::float8 AS mean_dep_delay
FROM fraiseql_demo.tb_flight
WHERE $1::text IS NULL OR origin = $1
GROUP BY origin, dest
ORDER BY flights DESC, origin, dest
LIMIT $2
"""
"""The $2 routes with most flights, from airport $1 or from all three."""

DELAYS_BY_MONTH: Final = """
SELECT month, count(*) AS flights,
       count(*) FILTER (WHERE dep_time IS NULL) AS cancelled,
       count(*) FILTER (WHERE arr_delay > 15) AS late,
       max(arr_delay) AS worst_arr_delay
FROM fraiseql_demo.tb_flight
WHERE $1::text IS NULL OR carrier = $1
GROUP BY month
ORDER BY month
"""
"""Flights, cancellations and delays of each month, of carrier $1 or of all."""

DASHBOARD: Final = """
SELECT count(*)::int AS flights,
       count(*) FILTER (WHERE dep_time IS NULL)::int AS cancelled,
       count(DISTINCT tailnum)::int AS planes,
       count(DISTINCT dest)::int AS destinations,
       round(avg((arr_delay <= 15)::int), 4) AS punctual,
       round(avg(dep_delay), 2) AS mean_dep_delay,
       max(arr_delay) AS worst_arr_delay,
       sum(distance) FILTER (WHERE dep_time IS NOT NULL)::int AS miles
FROM fraiseql_demo.tb_flight
"""
"""The year at a glance, in one row."""
