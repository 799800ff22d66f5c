"""Values of the server's settings, in their units."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from fraiseql.sizing.sizes import setting_text

_BYTES: Final[Mapping[str, int]] = {
    "B": 1,
    "kB": 1024,
    "8kB": 8192,
    "16kB": 16_384,
    "32kB": 32_768,
    "MB": 2**20,
}
_SECONDS: Final[Mapping[str, float]] = {"ms": 0.001, "s": 1, "min": 60}

Value = int | float | bool | str
"""Bytes, seconds, a plain number, a switch, or a text: of an enumeration or a list."""


@dataclass(frozen=True, slots=True)
class ServerSetting:
    """A setting of the server.

    Attributes:
        name: Its name.
        value: The value of new sessions that set none: bytes, seconds, a number, a switch, a text.
        unit: Unit of its numbers; empty for none.
        restart: Whether a change works after a restart only.
        kind: ``bool``, ``integer``, ``real``, ``enum`` or ``string``.
        least: Least value, in the same measure as ``value``; None without.
        most: Largest value.
        choices: Values of an enumeration.
        source: Where the value comes from, in the words of ``pg_settings``.
        pending: Whether another value waits for a restart.
        may_alter: Whether the role may change it with ALTER SYSTEM.
    """

    name: str
    value: Value
    unit: str = ""
    restart: bool = False
    kind: str = "string"
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()
    source: str = "default"
    pending: bool = False
    may_alter: bool = True

    def text(self, value: Value) -> str:
        """Return a value as PostgreSQL reads it, such as ``4GB`` or ``15min``."""
        if isinstance(value, bool):
            return "on" if value else "off"
        if self.unit in _BYTES and isinstance(value, int) and value > 0:
            return setting_text(value)
        if self.unit in _SECONDS and not isinstance(value, str):
            return _duration(value)
        return str(value)

    def base_text(self, value: Value) -> str:
        """Return a value as a number of the unit, as providers' tools take it."""
        if isinstance(value, (bool, str)) or value < 0:
            return self.text(value)
        scale = _BYTES.get(self.unit) or _SECONDS.get(self.unit) or 1
        number = value / scale
        return str(round(number)) if number == round(number) else str(number)

    def fault(self, value: Value) -> str:
        """Return why this server does not take a value; empty if it does."""
        if self.choices and self.text(value) not in self.choices:
            return f"this server knows {', '.join(self.choices)}"
        if isinstance(value, (bool, str)):
            return ""
        if self.least is not None and value < self.least:
            return f"the least value is {self.text(self._typed(self.least))}"
        if self.most is not None and value > self.most:
            return f"the largest value is {self.text(self._typed(self.most))}"
        return ""

    def _typed(self, number: float) -> Value:
        return number if self.kind == "real" else round(number)


def server_setting(row: Mapping[str, Any]) -> ServerSetting:
    """Return the setting of a row of ``pg_settings``."""
    unit, kind = row["unit"] or "", row["vartype"]
    return ServerSetting(
        row["name"],
        _value(row["value"], kind, unit),
        unit,
        row["context"] == "postmaster",
        kind,
        _limit(row["min_val"], unit),
        _limit(row["max_val"], unit),
        tuple(row["enumvals"] or ()),
        row["source"],
        row["pending_restart"],
        row["may_alter"],
    )


def _value(text: str | None, kind: str, unit: str) -> Value:
    if kind == "bool":
        return text == "on"
    if kind not in ("integer", "real"):
        return text or ""
    number = float(text or 0)
    # Negative numbers are no sizes: they mean "automatic" or "off".
    if number > 0:
        number *= _BYTES.get(unit) or _SECONDS.get(unit) or 1
    return number if kind == "real" or unit in _SECONDS else round(number)


def _limit(text: str | None, unit: str) -> float | None:
    if text is None:
        return None
    number = float(text)
    return number * (_BYTES.get(unit) or _SECONDS.get(unit) or 1) if number > 0 else number


def _duration(seconds: float) -> str:
    for length, name in ((60.0, "min"), (1.0, "s")):
        if seconds and seconds % length == 0:
            return f"{seconds / length:.0f}{name}"
    return f"{seconds * 1000:.0f}ms" if seconds > 0 else f"{seconds:.0f}"
