"""Operations with fragments, aliases and directives."""

from fraiseql.demo.tour.operation import OracleQuery, TourOperation

FRAGMENTS = TourOperation(
    name="fragments, aliases and __typename",
    query="""
query Fragments {
  a: flight(id: 1) { ...Short again: number }
  b: flight(id: 336776) { ...Short ... on Flight { kind: __typename } }
}
fragment Short on Flight { __typename number airline { ...Name } }
fragment Name on Airline { title: name __typename }
""",
    oracle=(
        OracleQuery("""
SELECT 'Flight' AS "a.__typename", f.number AS "a.number", f.number AS "a.again",
       a.name AS "a.airline.title", 'Airline' AS "a.airline.__typename"
FROM fraiseql_demo.tb_flight f JOIN fraiseql_demo.tb_airline a USING (carrier)
WHERE f.id = (SELECT min(id) FROM fraiseql_demo.tb_flight)"""),
        OracleQuery("""
SELECT 'Flight' AS "b.__typename", 'Flight' AS "b.kind", f.number AS "b.number",
       a.name AS "b.airline.title", 'Airline' AS "b.airline.__typename"
FROM fraiseql_demo.tb_flight f JOIN fraiseql_demo.tb_airline a USING (carrier)
WHERE f.id = (SELECT count(*) FROM fraiseql_demo.tb_flight)"""),
    ),
)

DIRECTIVES = TourOperation(
    name="@skip and @include from variables, a variable's default",
    query="""
query Directives($withPlane: Boolean!, $short: Boolean!, $most: Int = 3) {
  flights(carrier: "AS", limit: $most) {
    id
    plane @include(if: $withPlane) { model }
    weather @skip(if: $short) { temp }
  }
}
""",
    variables={"withPlane": True, "short": True},
    oracle=(
        OracleQuery("""
SELECT f.id AS "flights[].id", p.model AS "flights[].plane?.model"
FROM fraiseql_demo.tb_flight f LEFT JOIN fraiseql_demo.tb_plane p USING (tailnum)
WHERE carrier = 'AS' ORDER BY f.id LIMIT 3"""),
    ),
)

DEPTH = TourOperation(
    name="there and back: airline, flights, plane, flights, airport",
    query="""
{ airlines(limit: 4) {
    name
    flights { id plane { model flights { id originAirport { name } } } }
} }
""",
    oracle=(
        OracleQuery("""
WITH latest AS (
  SELECT id, carrier, tailnum,
         rank() OVER (PARTITION BY carrier ORDER BY time_hour DESC, id DESC) AS place
  FROM fraiseql_demo.tb_flight
  WHERE carrier IN (SELECT carrier FROM fraiseql_demo.tb_airline ORDER BY carrier LIMIT 4)
), earliest AS (
  SELECT id, tailnum, origin, rank() OVER (PARTITION BY tailnum ORDER BY time_hour, id) AS place
  FROM fraiseql_demo.tb_flight
  WHERE tailnum IN (SELECT tailnum FROM latest WHERE place <= 10)
)
SELECT a.name AS "airlines[].name", f.id AS "airlines[].flights[].id",
       p.model AS "airlines[].flights[].plane?.model",
       e.id AS "airlines[].flights[].plane?.flights[].id",
       o.name AS "airlines[].flights[].plane?.flights[].originAirport.name"
FROM (SELECT * FROM fraiseql_demo.tb_airline ORDER BY carrier LIMIT 4) a
JOIN latest f ON f.carrier = a.carrier AND f.place <= 10
LEFT JOIN fraiseql_demo.tb_plane p ON p.tailnum = f.tailnum
LEFT JOIN earliest e ON e.tailnum = p.tailnum AND e.place <= 10
LEFT JOIN fraiseql_demo.tb_airport o ON o.faa = e.origin
ORDER BY a.carrier, f.place, e.place"""),
    ),
)

SEVERAL_ROOTS = TourOperation(
    name="eight root fields at once",
    query="""
{
  newark: airport(faa: "EWR") { name }
  kennedy: airport(faa: "JFK") { name }
  laguardia: airport(faa: "LGA") { name }
  united: airline(carrier: "UA") { name }
  jetblue: airline(carrier: "B6") { name }
  oldest: planes(where: {year: {isNull: false}}, orderBy: [{year: ASC}], limit: 1) { tailnum year }
  coldest: weatherReports(where: {temp: {lt: 12}}, orderBy: [{temp: ASC}], limit: 1) { temp origin }
  highest: airports(orderBy: [{alt: DESC}], limit: 3) { faa alt }
}
""",
    oracle=(
        OracleQuery("""
SELECT max(name) FILTER (WHERE faa = 'EWR') AS "newark.name",
       max(name) FILTER (WHERE faa = 'JFK') AS "kennedy.name",
       max(name) FILTER (WHERE faa = 'LGA') AS "laguardia.name"
FROM fraiseql_demo.tb_airport"""),
        OracleQuery("""
SELECT ua.name AS "united.name", b6.name AS "jetblue.name"
FROM fraiseql_demo.tb_airline ua, fraiseql_demo.tb_airline b6
WHERE ua.carrier = 'UA' AND b6.carrier = 'B6'"""),
        OracleQuery("""
SELECT min(tailnum) AS "oldest[].tailnum", year AS "oldest[].year" FROM fraiseql_demo.tb_plane
WHERE year = (SELECT min(year) FROM fraiseql_demo.tb_plane) GROUP BY year"""),
        OracleQuery("""
SELECT min(temp) AS "coldest[].temp", (array_agg(origin ORDER BY temp, origin, time_hour))[1]
       AS "coldest[].origin" FROM fraiseql_demo.tb_weather"""),
        OracleQuery("""
SELECT faa AS "highest[].faa", alt AS "highest[].alt"
FROM (SELECT *, rank() OVER (ORDER BY alt DESC) AS place FROM fraiseql_demo.tb_airport) ranked
WHERE place <= 3 ORDER BY place"""),
    ),
)

SELECTIONS = (FRAGMENTS, DIRECTIVES, DEPTH, SEVERAL_ROOTS)
