"""Operations that pick, order and page."""

from fraiseql.demo.tour.operation import OracleQuery, TourOperation

NESTED_LOGIC = TourOperation(
    name="and, or, not, nested, from variables",
    query="""
query Logic($where: FlightWhere!) {
  flights(where: $where, orderBy: [{distance: DESC}, {depDelay: ASC}], limit: 50) {
    id distance depDelay carrier
  }
}
""",
    variables={
        "where": {
            "and": [
                {"or": [{"carrier": {"eq": "UA"}}, {"carrier": {"eq": "DL"}}]},
                {"not": {"origin": {"eq": "EWR"}}},
            ],
            "depDelay": {"gt": 60, "lte": 90},
            "tailnum": {"isNull": False},
        }
    },
    oracle=(
        OracleQuery("""
SELECT id AS "flights[].id", distance AS "flights[].distance", dep_delay AS "flights[].depDelay",
       carrier AS "flights[].carrier"
FROM fraiseql_demo.tb_flight
WHERE carrier = ANY ('{UA,DL}') AND origin IN ('JFK', 'LGA')
  AND dep_delay BETWEEN 61 AND 90 AND tailnum > ''
ORDER BY distance DESC, dep_delay, id LIMIT 50"""),
    ),
)

STRINGS = TourOperation(
    name="string operators; %, _ and \\ are plain in all but like",
    query="""
{
  starting: airports(where: {name: {startsWith: "San "}}) { faa name }
  ending: airports(where: {name: {endsWith: "Field"}, alt: {lt: 100}}) { faa name }
  anywhere: airports(where: {name: {icontains: "INTL"}, tz: {eq: -9}}) { faa name }
  pattern: planes(where: {model: {like: "A3_0-2%"}, year: {gte: 2010}}) { tailnum model }
  percent: airports(where: {name: {contains: "%"}}) { faa }
  backslash: airports(where: {name: {contains: "\\\\"}}) { name }
}
""",
    oracle=(
        OracleQuery("""
SELECT faa AS "starting[].faa", name AS "starting[].name" FROM fraiseql_demo.tb_airport
WHERE left(name, 4) = 'San ' ORDER BY faa"""),
        OracleQuery("""
SELECT faa AS "ending[].faa", name AS "ending[].name" FROM fraiseql_demo.tb_airport
WHERE right(name, 5) = 'Field' AND alt < 100 ORDER BY faa"""),
        OracleQuery("""
SELECT faa AS "anywhere[].faa", name AS "anywhere[].name" FROM fraiseql_demo.tb_airport
WHERE strpos(lower(name), 'intl') > 0 AND tz + 9 = 0 ORDER BY faa"""),
        OracleQuery("""
SELECT tailnum AS "pattern[].tailnum", model AS "pattern[].model" FROM fraiseql_demo.tb_plane
WHERE model ~ '^A3.0-2' AND year > 2009 ORDER BY tailnum LIMIT 100"""),
        OracleQuery("""
SELECT max(faa) AS "percent[].faa" FROM fraiseql_demo.tb_airport WHERE strpos(name, '%') > 0"""),
        OracleQuery("""
SELECT name AS "backslash[].name" FROM fraiseql_demo.tb_airport
WHERE name <> replace(name, chr(92), '') ORDER BY faa"""),
    ),
)

PAGES = TourOperation(
    name="two pages of an order full of ties",
    query="""
{
  first: planes(manufacturer: "BOEING", orderBy: [{seats: DESC}], limit: 40) { tailnum seats }
  second: planes(manufacturer: "BOEING", orderBy: [{seats: DESC}], limit: 40, offset: 40) {
    tailnum
    seats
  }
}
""",
    oracle=(
        OracleQuery("""
SELECT tailnum AS "first[].tailnum", seats AS "first[].seats" FROM fraiseql_demo.tb_plane
WHERE manufacturer = 'BOEING' ORDER BY seats DESC, tailnum DESC LIMIT 40"""),
        OracleQuery("""
SELECT tailnum AS "second[].tailnum", seats AS "second[].seats"
FROM (SELECT *, row_number() OVER (ORDER BY seats DESC, tailnum DESC) AS place
      FROM fraiseql_demo.tb_plane WHERE manufacturer = 'BOEING') ranked
WHERE place BETWEEN 41 AND 80 ORDER BY place"""),
    ),
)

INSTANTS = TourOperation(
    name="dates and instants, compared as such",
    query="""
query Instants($day: Date!, $from: DateTime!) {
  byDay: flights(where: {flownOn: {eq: $day}, origin: {eq: "JFK"}}, limit: 400) { id flownOn }
  byInstant: weatherReports(origin: "EWR", where: {timeHour: {gte: $from}}, limit: 30) {
    timeHour
    temp
  }
}
""",
    # Midnight in New York with its offset: the same instant as 05:00 UTC.
    variables={"day": "2013-07-04", "from": "2013-12-01T00:00:00-05:00"},
    oracle=(
        OracleQuery("""
SELECT id AS "byDay[].id", flown_on AS "byDay[].flownOn" FROM fraiseql_demo.tb_flight
WHERE (month, day) = (7, 4) AND origin = 'JFK' ORDER BY id LIMIT 400"""),
        OracleQuery("""
SELECT time_hour AS "byInstant[].timeHour", temp AS "byInstant[].temp" FROM fraiseql_demo.tb_weather
WHERE origin = 'EWR' AND time_hour AT TIME ZONE 'America/New_York' >= '2013-12-01 00:00'
ORDER BY time_hour LIMIT 30"""),
    ),
)

DECIMALS = TourOperation(
    name="decimals in the filter and in the answer",
    query="""
{ weatherReports(where: {precip: {gt: 0.6}}, orderBy: [{precip: DESC}, {timeHour: ASC}]) {
    origin timeHour precip visib
} }
""",
    oracle=(
        OracleQuery("""
SELECT origin AS "weatherReports[].origin", time_hour AS "weatherReports[].timeHour",
       precip AS "weatherReports[].precip", visib AS "weatherReports[].visib"
FROM fraiseql_demo.tb_weather WHERE precip * 100 > 60
ORDER BY precip DESC, time_hour, origin LIMIT 100"""),
    ),
)

THOUSAND = TourOperation(
    name="a thousand flights with their airline and airport",
    query="""
{ flights(dest: "LAX", limit: 1000, offset: 500) {
    id timeHour number airline { carrier name } destAirport { faa name lat lon }
} }
""",
    oracle=(
        OracleQuery("""
SELECT f.id AS "flights[].id", f.time_hour AS "flights[].timeHour", f.number AS "flights[].number",
       a.carrier AS "flights[].airline.carrier", a.name AS "flights[].airline.name",
       d.faa AS "flights[].destAirport?.faa", d.name AS "flights[].destAirport?.name",
       d.lat AS "flights[].destAirport?.lat", d.lon AS "flights[].destAirport?.lon"
FROM fraiseql_demo.tb_flight f
JOIN fraiseql_demo.tb_airline a USING (carrier)
JOIN fraiseql_demo.tb_airport d ON d.faa = f.dest
WHERE d.faa = 'LAX' ORDER BY f.id OFFSET 500 LIMIT 1000"""),
    ),
)

FILTERS = (NESTED_LOGIC, STRINGS, PAGES, INSTANTS, DECIMALS, THOUSAND)
