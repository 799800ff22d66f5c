"""SQL as a person would write it, for tests that are about something else than its names."""

import re


def plain(sql: str) -> str:
    """Return SQL without the schema of PostgreSQL's own names."""
    return re.sub(r"OPERATOR\(pg_catalog\.([^)]+)\)", r"\1", sql).replace("pg_catalog.", "")
