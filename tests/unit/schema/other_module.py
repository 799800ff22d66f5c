"""A class in another module than its users."""

from __future__ import annotations

from datetime import date as day

import fraiseql


@fraiseql.type(sql_source="countries")
class Country:
    code: str
    founded: day | None = None
