-- The tables of the demo: one for each file of the data set.
-- Columns keep the data set's names, but for `flight`, which is `number` here.

CREATE SCHEMA fraiseql_demo;
SET LOCAL search_path = fraiseql_demo;

CREATE TABLE tb_airline (
    carrier text PRIMARY KEY,
    name text NOT NULL
);

CREATE TABLE tb_airport (
    faa text PRIMARY KEY,
    name text NOT NULL,
    lat double precision NOT NULL,
    lon double precision NOT NULL,
    alt integer NOT NULL,
    tz smallint NOT NULL,
    dst text NOT NULL,
    tzone text
);

CREATE TABLE tb_plane (
    tailnum text PRIMARY KEY,
    year smallint,
    type text NOT NULL,
    manufacturer text NOT NULL,
    model text NOT NULL,
    engines smallint NOT NULL,
    seats smallint NOT NULL,
    speed smallint,
    engine text NOT NULL
);

-- year, month, day and hour are New York's clock; time_hour is the instant, which separates the two
-- hours apart that are both 01:00 on the night when summer time ends.
CREATE TABLE tb_weather (
    origin text NOT NULL,
    year smallint NOT NULL,
    month smallint NOT NULL,
    day smallint NOT NULL,
    hour smallint NOT NULL,
    temp double precision,
    dewp double precision,
    humid double precision,
    wind_dir smallint,
    wind_speed double precision,
    wind_gust double precision,
    precip numeric NOT NULL,
    pressure double precision,
    visib double precision NOT NULL,
    time_hour timestamptz NOT NULL,
    PRIMARY KEY (origin, time_hour)
);

-- dep_time and the other clock times are local, written as HHMM: 517 is 05:17.
-- time_hour is the scheduled hour of departure as an instant.
CREATE TABLE tb_flight (
    id integer GENERATED ALWAYS AS IDENTITY,
    year smallint NOT NULL,
    month smallint NOT NULL,
    day smallint NOT NULL,
    dep_time smallint,
    sched_dep_time smallint NOT NULL,
    dep_delay smallint,
    arr_time smallint,
    sched_arr_time smallint NOT NULL,
    arr_delay smallint,
    carrier text NOT NULL,
    number integer NOT NULL,
    tailnum text,
    origin text NOT NULL,
    dest text NOT NULL,
    air_time smallint,
    distance smallint NOT NULL,
    hour smallint NOT NULL,
    minute smallint NOT NULL,
    time_hour timestamptz NOT NULL,
    flown_on date NOT NULL GENERATED ALWAYS AS (make_date(year, month, day)) STORED
);
