"""Operations about one object and its embeds."""

from fraiseql.demo.tour.operation import OracleQuery, TourOperation

AIRLINE = TourOperation(
    name="an airline and its last ten flights",
    query="""
{ airline(carrier: "HA") {
    carrier name flights { id timeHour destAirport { name } }
} }
""",
    oracle=(
        OracleQuery("""
SELECT a.carrier AS "airline.carrier", a.name AS "airline.name", f.id AS "airline.flights[].id",
       f.time_hour AS "airline.flights[].timeHour", d.name AS "airline.flights[].destAirport?.name"
FROM fraiseql_demo.tb_airline a
JOIN (SELECT *, row_number() OVER (PARTITION BY carrier ORDER BY time_hour DESC, id DESC) AS place
      FROM fraiseql_demo.tb_flight) f ON f.carrier = a.carrier AND f.place < 11
LEFT JOIN fraiseql_demo.tb_airport d ON d.faa = f.dest
WHERE a.carrier = 'HA' ORDER BY f.place"""),
    ),
)

AIRPORT = TourOperation(
    name="an airport: departures and planes, no arrivals",
    query="""
{ airport(faa: "JFK") {
    name lat lon alt tz tzone
    departures { id airline { name } plane { tailnum seats year } }
    arrivals { id }
} }
""",
    oracle=(
        OracleQuery("""
SELECT o.name AS "airport.name", o.lat AS "airport.lat", o.lon AS "airport.lon",
       o.alt AS "airport.alt", o.tz AS "airport.tz", o.tzone AS "airport.tzone",
       f.id AS "airport.departures[].id", a.name AS "airport.departures[].airline.name",
       p.tailnum AS "airport.departures[].plane?.tailnum",
       p.seats AS "airport.departures[].plane?.seats", p.year AS "airport.departures[].plane?.year",
       arrival.id AS "airport.arrivals[].id"
FROM fraiseql_demo.tb_airport o
JOIN fraiseql_demo.tb_flight f ON f.origin = o.faa
JOIN fraiseql_demo.tb_airline a USING (carrier)
LEFT JOIN fraiseql_demo.tb_plane p USING (tailnum)
LEFT JOIN fraiseql_demo.tb_flight arrival ON arrival.dest = o.faa
WHERE o.faa = 'JFK' ORDER BY f.time_hour DESC, f.id DESC LIMIT 10"""),
    ),
)

PLANE = TourOperation(
    name="a plane, its first flights, their weather at departure",
    query="""
{ plane(tailnum: "N14228") {
    year type manufacturer model engines seats speed engine
    flights { flownOn origin dest weather { temp humid airport { name } } }
} }
""",
    oracle=(
        OracleQuery("""
SELECT p.year AS "plane.year", p.type AS "plane.type", p.manufacturer AS "plane.manufacturer",
       p.model AS "plane.model", p.engines AS "plane.engines", p.seats AS "plane.seats",
       p.speed AS "plane.speed", p.engine AS "plane.engine",
       f.flown_on AS "plane.flights[].flownOn", f.origin AS "plane.flights[].origin",
       f.dest AS "plane.flights[].dest", w.temp AS "plane.flights[].weather?.temp",
       w.humid AS "plane.flights[].weather?.humid",
       o.name AS "plane.flights[].weather?.airport.name"
FROM fraiseql_demo.tb_plane p
JOIN fraiseql_demo.tb_flight f ON f.tailnum = p.tailnum
LEFT JOIN fraiseql_demo.tb_weather w ON w.origin = f.origin AND w.time_hour = f.time_hour
LEFT JOIN fraiseql_demo.tb_airport o ON o.faa = w.origin
WHERE p.tailnum = 'N14228' ORDER BY f.time_hour, f.id LIMIT 10"""),
    ),
)

WEATHER = TourOperation(
    name="an hour of weather by its two-column key, and who left in it",
    query="""
query Weather($origin: String!, $hour: DateTime!) {
  weather(origin: $origin, timeHour: $hour) {
    temp dewp windDir windSpeed windGust precip pressure visib
    airport { name }
    flights { id carrier }
  }
}
""",
    variables={"origin": "LGA", "hour": "2013-11-03T01:00:00-05:00"},
    oracle=(
        OracleQuery(
            """
SELECT w.temp AS "weather?.temp", w.dewp AS "weather?.dewp", w.wind_dir AS "weather?.windDir",
       w.wind_speed AS "weather?.windSpeed", w.wind_gust AS "weather?.windGust",
       w.precip AS "weather?.precip", w.pressure AS "weather?.pressure",
       w.visib AS "weather?.visib",
       o.name AS "weather?.airport.name", f.id AS "weather?.flights[].id",
       f.carrier AS "weather?.flights[].carrier"
FROM fraiseql_demo.tb_weather w
JOIN fraiseql_demo.tb_airport o ON o.faa = w.origin
LEFT JOIN fraiseql_demo.tb_flight f ON f.origin = w.origin AND f.time_hour = w.time_hour
WHERE w.origin = $1 AND w.month = 11 AND w.day = 3 AND w.hour = 1
  AND w.time_hour = (SELECT max(time_hour) FROM fraiseql_demo.tb_weather
                     WHERE (origin, month, day, hour) = ($1, 11, 3, 1))
ORDER BY f.id LIMIT 10""",
            ("LGA",),
        ),
    ),
)

NOBODY = TourOperation(
    name="keys that nothing has",
    query="""
{ airline(carrier: "??") { name } flight(id: 2147483647) { dest } plane(tailnum: "") { year } }
""",
    oracle=(
        OracleQuery("""
SELECT max(a.name) AS "airline?.name", max(f.dest) AS "flight?.dest", max(p.year) AS "plane?.year"
FROM (SELECT 1) one
LEFT JOIN fraiseql_demo.tb_airline a ON a.carrier = '??'
LEFT JOIN fraiseql_demo.tb_flight f ON f.id > 2000000000
LEFT JOIN fraiseql_demo.tb_plane p ON p.tailnum = ''"""),
    ),
)

GAPS = TourOperation(
    name="embeds that lead nowhere: no plane, no airport, no weather",
    query="""
query Gaps($ids: [Int!]) {
  flights(where: {id: {in: $ids}}) {
    id tailnum dest depTime
    plane { model } destAirport { name } weather { temp } originAirport { faa }
  }
}
""",
    variables={"ids": [29, 1783, 1785, 110422]},
    oracle=(
        OracleQuery(
            """
SELECT f.id AS "flights[].id", f.tailnum AS "flights[].tailnum", f.dest AS "flights[].dest",
       f.dep_time AS "flights[].depTime", p.model AS "flights[].plane?.model",
       d.name AS "flights[].destAirport?.name", w.temp AS "flights[].weather?.temp",
       f.origin AS "flights[].originAirport.faa"
FROM fraiseql_demo.tb_flight f
LEFT JOIN fraiseql_demo.tb_plane p ON p.tailnum = f.tailnum
LEFT JOIN fraiseql_demo.tb_airport d ON d.faa = f.dest
LEFT JOIN fraiseql_demo.tb_weather w ON (w.origin, w.time_hour) = (f.origin, f.time_hour)
WHERE f.id = ANY ($1::int[]) ORDER BY f.id""",
            ([29, 1783, 1785, 110422],),
        ),
    ),
)

OBJECTS = (AIRLINE, AIRPORT, PLANE, WEATHER, NOBODY, GAPS)
