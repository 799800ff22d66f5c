"""The Server-Timing header.

Milliseconds with two decimals; a step that did not run is 0.
"""

from fraiseql.events import Timings

NONE = (b"server-timing", b"parse;dur=0, validate;dur=0, plan;dur=0, sql;dur=0, render;dur=0")


def server_timing(timings: Timings) -> tuple[bytes, bytes]:
    """Return the header for ``timings``."""
    sql, render = timings.sql * 1e3, timings.render * 1e3
    if timings.parse or timings.validate or timings.plan:
        first = (timings.parse * 1e3, timings.validate * 1e3, timings.plan * 1e3)
        opening = b"parse;dur=%.2f, validate;dur=%.2f, plan;dur=%.2f" % first
        return (b"server-timing", b"%b, sql;dur=%.2f, render;dur=%.2f" % (opening, sql, render))
    # A repeated operation: formatting a float is the slowest part of this function.
    steps = b"parse;dur=0, validate;dur=0, plan;dur=0, sql;dur=%.2f, render;dur=%.2f"
    return (b"server-timing", steps % (sql, render))
