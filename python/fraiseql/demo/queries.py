"""Root fields of the demo."""

from typing import Any

import fraiseql
from fraiseql.demo import statements
from fraiseql.demo.declarations import (
    Airline,
    AirlineYear,
    Airport,
    Dashboard,
    Flight,
    MonthOfDelays,
    Plane,
    Route,
    Weather,
)
from fraiseql.errors import InputError
from fraiseql.repositories import Repository

_MOST_ROUTES = 200


@fraiseql.query
async def flight_count(info: fraiseql.Info, where: fraiseql.Where[Flight] | None = None) -> int:
    """How many flights match."""
    repository = Repository(info.context["db"], info.context)
    return await repository.count("fraiseql_demo.tb_flight", where=where)


@fraiseql.query
async def busiest_routes(
    info: fraiseql.Info, origin: str | None = None, limit: int = 10
) -> list[Route]:
    """Routes by their number of flights, from one airport or from all three."""
    if not 1 <= limit <= _MOST_ROUTES:
        raise InputError(f"limit must be from 1 to {_MOST_ROUTES}, not {limit}.")
    rows = await info.context["db"].fetch(statements.BUSIEST_ROUTES, origin, limit)
    return [Route(**row) for row in rows]


@fraiseql.query(cache=fraiseql.Cache(tags=("fraiseql_demo.tb_flight",)))
async def delays_by_month(info: fraiseql.Info, carrier: str | None = None) -> list[MonthOfDelays]:
    """Flights, cancellations and delays of each month, of one airline or of all."""
    rows: list[Any] = await info.context["db"].fetch(statements.DELAYS_BY_MONTH, carrier)
    return [MonthOfDelays(**row) for row in rows]


QUERIES = (
    fraiseql.find_one("airline", Airline, by="carrier"),
    fraiseql.find("airlines", Airline, order_by="carrier"),
    fraiseql.find_one("airport", Airport, by="faa"),
    fraiseql.find("airports", Airport, by=("tzone",), order_by="faa"),
    fraiseql.find_one("plane", Plane, by="tailnum"),
    fraiseql.find("planes", Plane, by=("manufacturer",), order_by="tailnum"),
    fraiseql.find_one("weather", Weather, by=("origin", "time_hour")),
    fraiseql.find("weather_reports", Weather, by=("origin",), order_by="time_hour"),
    fraiseql.find_one("flight", Flight, by="id"),
    fraiseql.find("flights", Flight, by=("carrier", "origin", "dest"), order_by="id"),
    fraiseql.find_one("dashboard", Dashboard, by=None),
    fraiseql.find("airline_years", AirlineYear, order_by="carrier", cache=fraiseql.Cache()),
    flight_count,
    busiest_routes,
    delays_by_month,
)

TYPES = (Airline, Airport, Plane, Weather, Flight, Dashboard, AirlineYear, Route, MonthOfDelays)
