"""Operations that Python answers, wholly or in part."""

from fraiseql.demo.tour.operation import OracleQuery, TourOperation

COUNTS = TourOperation(
    name="every row of the largest table, and some of them",
    query="""
query Counts($where: FlightWhere) {
  everything: flightCount
  some: flightCount(where: $where)
}
""",
    variables={"where": {"or": [{"arrDelay": {"gt": 120}}, {"depTime": {"isNull": True}}]}},
    oracle=(
        # The data set's own number of flights, not a count of the loaded rows.
        OracleQuery("""
SELECT 336776 AS "everything",
       sum((coalesce(arr_delay > 120, false) OR dep_time IS NULL)::int) AS "some"
FROM fraiseql_demo.tb_flight"""),
    ),
)

ROUTES = TourOperation(
    name="routes from one airport",
    query="""
{ busiestRoutes(origin: "LGA", limit: 25) { origin dest flights cancelled meanDepDelay } }
""",
    oracle=(
        OracleQuery("""
SELECT origin AS "busiestRoutes[].origin", dest AS "busiestRoutes[].dest",
       count(*) AS "busiestRoutes[].flights",
       sum((dep_delay IS NULL)::int) AS "busiestRoutes[].cancelled",
       round(sum(dep_delay)::numeric / count(dep_delay), 2) AS "busiestRoutes[].meanDepDelay"
FROM fraiseql_demo.tb_flight GROUP BY ROLLUP (origin, dest)
HAVING origin = 'LGA' AND GROUPING(dest) = 0
ORDER BY 3 DESC, 2 LIMIT 25"""),
    ),
)

MONTHS = TourOperation(
    name="delays of every month",
    query="{ delaysByMonth { month flights cancelled late worstArrDelay } }",
    oracle=(
        OracleQuery("""
SELECT extract(month FROM flown_on)::int AS "delaysByMonth[].month",
       count(id) AS "delaysByMonth[].flights",
       count(*) - count(dep_delay) AS "delaysByMonth[].cancelled",
       count(nullif(arr_delay <= 15, true)) AS "delaysByMonth[].late",
       -min(-arr_delay) AS "delaysByMonth[].worstArrDelay"
FROM fraiseql_demo.tb_flight GROUP BY 1 ORDER BY 1"""),
    ),
)

COMPUTED = TourOperation(
    name="computed fields: all airlines at once, each flight by itself",
    query="""
{
  airlines(orderBy: [{name: DESC}]) { name punctuality }
  flights(where: {number: {eq: 1545}, carrier: {eq: "UA"}}) { meanSpeed airline { punctuality } }
}
""",
    oracle=(
        OracleQuery("""
SELECT a.name AS "airlines[].name",
       round(s.punctual / s.arrived::numeric, 4) AS "airlines[].punctuality"
FROM fraiseql_demo.tb_airline a
JOIN (SELECT carrier, count(arr_delay) AS arrived, count(nullif(arr_delay > 15, true)) AS punctual
      FROM fraiseql_demo.tb_flight GROUP BY carrier) s USING (carrier)
ORDER BY a.name DESC"""),
        OracleQuery("""
WITH united AS (
  SELECT round(count(*) FILTER (WHERE arr_delay <= 15) / count(*)::numeric, 4) AS punctuality
  FROM fraiseql_demo.tb_flight WHERE carrier = 'UA' AND arr_delay IS NOT NULL
)
SELECT CASE WHEN air_time > 0 THEN distance * 60 / air_time::float8 END AS "flights[].meanSpeed",
       united.punctuality AS "flights[].airline.punctuality", id AS "flights[].-"
FROM fraiseql_demo.tb_flight, united
WHERE number = 1545 AND carrier = 'UA' ORDER BY id LIMIT 100"""),
    ),
)

YEARS = TourOperation(
    name="every airline's year, cached as a result",
    query="{ airlineYears { carrier name flights cancelled punctual miles } }",
    oracle=(
        OracleQuery("""
WITH year AS (
  SELECT carrier, count(*) AS flights, count(*) - count(dep_time) AS cancelled,
         count(nullif(arr_delay > 15, true)) / nullif(count(arr_delay), 0)::numeric AS punctual,
         sum(CASE WHEN dep_time IS NULL THEN 0 ELSE distance END) AS miles
  FROM fraiseql_demo.tb_flight GROUP BY carrier
)
SELECT carrier AS "airlineYears[].carrier", a.name AS "airlineYears[].name",
       flights AS "airlineYears[].flights", cancelled AS "airlineYears[].cancelled",
       round(punctual, 4) AS "airlineYears[].punctual", miles AS "airlineYears[].miles"
FROM fraiseql_demo.tb_airline a JOIN year USING (carrier)
ORDER BY carrier"""),
    ),
)

AGGREGATES = (COUNTS, ROUTES, MONTHS, YEARS, COMPUTED)
