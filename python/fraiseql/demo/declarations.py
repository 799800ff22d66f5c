"""The demo's types: five tables, with embeds in both directions."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import fraiseql
from fraiseql.demo import statements

_STEP = timedelta(days=30)
# The flights end with 2013: the window reaches back to its last month, and moves on as elsewhere.
_WINDOW = -((datetime(2013, 12, 1, tzinfo=UTC) - datetime.now(UTC)) // _STEP) * _STEP


@fraiseql.type(sql_source="fraiseql_demo.tb_airline")
class Airline:
    """An airline that flew from New York in 2013."""

    carrier: str
    name: str
    flights: list["Flight"] = fraiseql.embed(
        "fraiseql_demo.tb_flight", on="carrier", order_by="-time_hour", limit=10
    )

    @staticmethod
    @fraiseql.field(batch=True, needs=("carrier",))
    async def punctuality(parents: list["Airline"], info: fraiseql.Info) -> list[float | None]:
        """Share of arrivals at most 15 minutes late."""
        # One statement for all airlines of the response.
        carriers = [airline.carrier for airline in parents]
        rows = await info.context["db"].fetch(statements.PUNCTUALITY, carriers)
        shares = {row["carrier"]: row["share"] for row in rows}
        return [shares.get(carrier) for carrier in carriers]


@fraiseql.type(sql_source="fraiseql_demo.tb_airport", stored=fraiseql.Projection())
class Airport:
    """An airport. Flights leave from three of them: EWR, JFK and LGA."""

    faa: str
    name: str
    lat: float
    lon: float
    alt: int
    tz: int
    dst: str
    tzone: str | None
    departures: list["Flight"] = fraiseql.embed(
        "fraiseql_demo.tb_flight", on="origin", order_by="-time_hour", limit=10
    )
    arrivals: list["Flight"] = fraiseql.embed(
        "fraiseql_demo.tb_flight", on="dest", order_by="-time_hour", limit=10
    )
    weather: list["Weather"] = fraiseql.embed(
        "fraiseql_demo.tb_weather", on="origin", order_by="-time_hour", limit=24
    )


@fraiseql.type(
    sql_source="fraiseql_demo.tb_plane",
    # Three levels. An airport or an airline is in the documents of almost every plane and hardly
    # ever changes: the budget allows that many documents for one change.
    stored=fraiseql.Projection(
        embeds=("flights", "flights.airline", "flights.dest_airport", "flights.weather"),
        text=True,
        budget=4_000,
    ),
)
class Plane:
    """An aircraft, as registered.

    Attributes:
        year: When it was built.
        speed: Cruising speed in miles an hour; mostly unknown.
    """

    tailnum: str
    year: int | None
    type: str
    manufacturer: str
    model: str
    engines: int
    seats: int
    speed: int | None
    engine: str
    flights: list["Flight"] = fraiseql.embed(
        "fraiseql_demo.tb_flight", on="tailnum", order_by="time_hour", limit=10
    )


@fraiseql.type(sql_source="fraiseql_demo.tb_weather")
class Weather:
    """Measurements at an airport in one hour.

    Attributes:
        temp: Fahrenheit.
        dewp: Dew point in Fahrenheit.
        humid: Relative humidity in percent.
        wind_dir: Degrees.
        wind_speed: Miles an hour.
        wind_gust: Miles an hour.
        precip: Inches.
        pressure: Millibars at sea level.
        visib: Miles.
    """

    origin: str
    time_hour: datetime
    temp: float | None
    dewp: float | None
    humid: float | None
    wind_dir: int | None
    wind_speed: float | None
    wind_gust: float | None
    precip: Decimal
    pressure: float | None
    visib: float
    airport: "Airport | None" = fraiseql.embed("fraiseql_demo.tb_airport", via="origin")
    flights: list["Flight"] = fraiseql.embed(
        "fraiseql_demo.tb_flight", on=("origin", "time_hour"), order_by="id", limit=10
    )


@fraiseql.type(
    sql_source="fraiseql_demo.tb_flight",
    indexes=[
        fraiseql.Index(("-distance",), where={"dep_time": None}),
        fraiseql.RollingIndex(
            "-time_hour", window=f"{_WINDOW.days} days", step=f"{_STEP.days} days"
        ),
    ],
)
class Flight:
    """One departure from New York in 2013.

    Clock times are local, written as HHMM: 517 is 05:17. A cancelled flight has no dep_time.

    Attributes:
        flown_on: Local day of the scheduled departure.
        time_hour: Hour of the scheduled departure.
        dep_delay: Minutes; negative when it left early.
        arr_delay: Minutes; negative when it arrived early.
        air_time: Minutes.
        distance: Miles.
        plane: Null if the tail number is not in the register.
        dest_airport: Null for four airports of the Caribbean.
    """

    id: int
    flown_on: date
    time_hour: datetime
    carrier: str
    number: int
    tailnum: str | None
    origin: str
    dest: str
    sched_dep_time: int
    dep_time: int | None
    dep_delay: int | None
    sched_arr_time: int
    arr_time: int | None
    arr_delay: int | None
    air_time: int | None
    distance: int
    airline: Airline | None = fraiseql.embed("fraiseql_demo.tb_airline", via="carrier")
    plane: Plane | None = fraiseql.embed("fraiseql_demo.tb_plane", via="tailnum")
    origin_airport: Airport | None = fraiseql.embed("fraiseql_demo.tb_airport", via="origin")
    dest_airport: Airport | None = fraiseql.embed("fraiseql_demo.tb_airport", via="dest")
    weather: Weather | None = fraiseql.embed(
        "fraiseql_demo.tb_weather", via=("origin", "time_hour")
    )

    @fraiseql.field(needs=("distance", "air_time"))
    def mean_speed(self) -> float | None:
        """Miles an hour while in the air."""
        return self.distance * 60 / self.air_time if self.air_time else None


@fraiseql.type
class Route:
    """All flights of the year between two airports.

    Attributes:
        mean_dep_delay: Minutes, of the flights that left.
    """

    origin: str
    dest: str
    flights: int
    cancelled: int
    mean_dep_delay: float | None


@fraiseql.type
class MonthOfDelays:
    """Flights of one month.

    Attributes:
        late: Arrivals more than 15 minutes late.
        worst_arr_delay: Minutes.
    """

    month: int
    flights: int
    cancelled: int
    late: int
    worst_arr_delay: int | None


@fraiseql.type(
    sql_source="fraiseql_demo.mv_dashboard",
    stored=fraiseql.MaterializedView(
        statements.DASHBOARD, on_write=True, target_lag="1m", when_stale="live"
    ),
)
class Dashboard:
    """The year at a glance, refreshed after writes; the response says how stale it is.

    Attributes:
        punctual: Share of arrivals at most 15 minutes late.
        mean_dep_delay: Minutes, of the flights that left.
        worst_arr_delay: Minutes.
        miles: Of the flights that left.
    """

    flights: int
    cancelled: int
    planes: int
    destinations: int
    punctual: Decimal
    mean_dep_delay: Decimal
    worst_arr_delay: int
    miles: int


@fraiseql.type(sql_source="fraiseql_demo.v_airline_year")
class AirlineYear:
    """One airline's year; answers to ``airlineYears`` are cached until a write.

    Attributes:
        punctual: Share of arrivals at most 15 minutes late.
        miles: Of the flights that left.
    """

    carrier: str
    name: str
    flights: int
    cancelled: int
    punctual: Decimal | None
    miles: int
