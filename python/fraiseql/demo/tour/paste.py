"""Three operations worth pasting into GraphiQL: embeds, filters, aggregates."""

from fraiseql.demo.tour.operation import OracleQuery, TourOperation

WORST_ARRIVALS = TourOperation(
    name="worst arrivals, with airline, plane, airport and weather",
    query="""
query WorstArrivals {
  flights(where: {arrDelay: {gte: 900}}, orderBy: [{arrDelay: DESC}], limit: 5) {
    flownOn
    number
    arrDelay
    meanSpeed
    airline { name }
    plane { manufacturer model seats }
    destAirport { name tzone }
    weather { temp windSpeed visib }
  }
}
""",
    oracle=(
        OracleQuery("""
SELECT f.flown_on AS "flights[].flownOn", f.number AS "flights[].number",
       f.arr_delay AS "flights[].arrDelay",
       f.distance::float8 * 60 / nullif(f.air_time, 0) AS "flights[].meanSpeed",
       a.name AS "flights[].airline.name", p.manufacturer AS "flights[].plane?.manufacturer",
       p.model AS "flights[].plane?.model", p.seats AS "flights[].plane?.seats",
       d.name AS "flights[].destAirport?.name", d.tzone AS "flights[].destAirport?.tzone",
       w.temp AS "flights[].weather?.temp", w.wind_speed AS "flights[].weather?.windSpeed",
       w.visib AS "flights[].weather?.visib"
FROM fraiseql_demo.tb_flight f
JOIN fraiseql_demo.tb_airline a USING (carrier)
LEFT JOIN fraiseql_demo.tb_plane p USING (tailnum)
LEFT JOIN fraiseql_demo.tb_airport d ON d.faa = f.dest
LEFT JOIN fraiseql_demo.tb_weather w ON (w.origin, w.time_hour) = (f.origin, f.time_hour)
WHERE NOT f.arr_delay < 900
ORDER BY f.arr_delay DESC, f.id DESC FETCH FIRST 5 ROWS ONLY"""),
    ),
)

STORM_NIGHT = TourOperation(
    name="one evening's departures to the west coast or further",
    query="""
query StormNight {
  flights(
    where: {
      timeHour: {gte: "2013-03-08T21:00:00Z", lt: "2013-03-09T04:00:00Z"}
      carrier: {notIn: ["B6", "VX"]}
      or: [{dest: {in: ["LAX", "SFO"]}}, {distance: {gt: 2300}}]
    }
    orderBy: [{depDelay: DESC}, {id: ASC}]
    limit: 20
  ) {
    timeHour
    carrier
    number
    dest
    depDelay
    originAirport { name weather { timeHour windGust } }
  }
}
""",
    oracle=(
        OracleQuery("""
WITH last_weather AS (
  SELECT origin, time_hour, wind_gust,
         row_number() OVER (PARTITION BY origin ORDER BY time_hour DESC) AS place
  FROM fraiseql_demo.tb_weather
), picked AS (
  SELECT *, row_number() OVER (ORDER BY dep_delay DESC, id) AS rank
  FROM fraiseql_demo.tb_flight
  WHERE time_hour BETWEEN '2013-03-08 21:00+00' AND '2013-03-09 03:59:59+00'
    AND carrier <> ALL ('{B6,VX}')
    AND (dest = 'LAX' OR dest = 'SFO' OR NOT distance <= 2300)
    AND dep_delay IS NOT NULL
)
SELECT f.time_hour AS "flights[].timeHour", f.carrier AS "flights[].carrier",
       f.number AS "flights[].number", f.dest AS "flights[].dest",
       f.dep_delay AS "flights[].depDelay", a.name AS "flights[].originAirport.name",
       w.time_hour AS "flights[].originAirport.weather[].timeHour",
       w.wind_gust AS "flights[].originAirport.weather[].windGust"
FROM picked f
JOIN fraiseql_demo.tb_airport a ON a.faa = f.origin
JOIN last_weather w ON w.origin = a.faa AND w.place <= 24
WHERE f.rank <= 20
ORDER BY f.rank, w.place"""),
    ),
)

YEAR_IN_FIGURES = TourOperation(
    name="counts, routes, months and punctuality",
    query="""
query YearInFigures {
  all: flightCount
  cancelled: flightCount(where: {depTime: {isNull: true}})
  busiestRoutes(limit: 5) { origin dest flights meanDepDelay }
  delaysByMonth(carrier: "UA") { month flights late worstArrDelay }
  airlines(where: {name: {contains: "Air"}}) { name punctuality }
}
""",
    oracle=(
        OracleQuery("""
SELECT count(*) AS "all", count(*) - count(dep_time) AS "cancelled"
FROM fraiseql_demo.tb_flight"""),
        OracleQuery("""
SELECT left(route, 3) AS "busiestRoutes[].origin", right(route, 3) AS "busiestRoutes[].dest",
       cardinality(delays) AS "busiestRoutes[].flights",
       (SELECT round(avg(d), 2) FROM unnest(delays) d) AS "busiestRoutes[].meanDepDelay"
FROM (SELECT origin || '-' || dest AS route, array_agg(dep_delay) AS delays
      FROM fraiseql_demo.tb_flight GROUP BY 1) flown
ORDER BY cardinality(delays) DESC LIMIT 5"""),
        OracleQuery("""
SELECT extract(month FROM flown_on)::int AS "delaysByMonth[].month",
       count(id) AS "delaysByMonth[].flights",
       sum(CASE WHEN arr_delay > 15 THEN 1 ELSE 0 END) AS "delaysByMonth[].late",
       (array_agg(arr_delay ORDER BY arr_delay DESC NULLS LAST))[1]
         AS "delaysByMonth[].worstArrDelay"
FROM fraiseql_demo.tb_flight NATURAL JOIN (VALUES ('UA')) AS airline (carrier)
GROUP BY 1 ORDER BY 1"""),
        OracleQuery("""
SELECT a.name AS "airlines[].name",
       round(count(*) FILTER (WHERE f.arr_delay < 16)::numeric / count(f.arr_delay), 4)
         AS "airlines[].punctuality"
FROM fraiseql_demo.tb_airline a LEFT JOIN fraiseql_demo.tb_flight f USING (carrier)
WHERE strpos(a.name, 'Air') > 0
GROUP BY a.carrier ORDER BY a.carrier"""),
    ),
)

PASTE = (WORST_ARRIVALS, STORM_NIGHT, YEAR_IN_FIGURES)
