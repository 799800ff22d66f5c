"""A class in a module of its own, with names that the modules of its users do not have."""

from __future__ import annotations

from datetime import date as day

import fraiseql


@fraiseql.type(sql_source="countries")
class Country:
    code: str
    founded: day | None = None
