-- Keys and indexes of the demo, made after the rows are in: that is quicker than keeping them.

ALTER TABLE tb_flight ADD PRIMARY KEY (id);

ALTER TABLE tb_weather ADD FOREIGN KEY (origin) REFERENCES tb_airport;
ALTER TABLE tb_flight ADD FOREIGN KEY (carrier) REFERENCES tb_airline;
ALTER TABLE tb_flight ADD FOREIGN KEY (origin) REFERENCES tb_airport;

-- No foreign keys where the data set does not hold them:
-- dest: 7,602 flights go to four airports of the Caribbean without a row in tb_airport (SJU, BQN, STT, PSE);
-- tailnum: 50,094 flights were flown by one of 721 planes without a row in tb_plane, 2,512 have none;
-- (origin, time_hour): for 1,556 flights the weather of the hour is missing.

-- One index for each way that an embed walks to flights. They end in the key, as orders do.
CREATE INDEX tb_flight_carrier ON tb_flight (carrier, time_hour, id);
CREATE INDEX tb_flight_tailnum ON tb_flight (tailnum, time_hour, id);
CREATE INDEX tb_flight_origin ON tb_flight (origin, time_hour, id);
CREATE INDEX tb_flight_dest ON tb_flight (dest, time_hour, id);
CREATE INDEX tb_plane_manufacturer ON tb_plane (manufacturer, tailnum);

-- A plain view for a query other than rows of a table; its answers are cached.
CREATE VIEW v_airline_year AS
SELECT a.carrier, a.name, count(f.id)::int AS flights,
       count(f.id) FILTER (WHERE f.dep_time IS NULL)::int AS cancelled,
       round(avg((f.arr_delay <= 15)::int), 4) AS punctual,
       coalesce(sum(f.distance) FILTER (WHERE f.dep_time IS NOT NULL), 0)::int AS miles
FROM tb_airline a LEFT JOIN tb_flight f ON f.carrier = a.carrier
GROUP BY a.carrier;
