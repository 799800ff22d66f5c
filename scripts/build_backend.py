"""Build backend: maturin's, with GraphiQL's files."""

from collections.abc import Mapping
from typing import Any

import maturin
from fetch_graphiql import is_complete, main
from maturin import (
    build_editable,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]


def build_wheel(
    wheel_directory: str,
    config_settings: Mapping[str, Any] | None = None,
    metadata_directory: str | None = None,
) -> str:
    """Build a wheel with GraphiQL."""
    _fetch()
    built: str = maturin.build_wheel(wheel_directory, config_settings, metadata_directory)
    return built


def build_sdist(sdist_directory: str, config_settings: Mapping[str, Any] | None = None) -> str:
    """Build a source archive with GraphiQL, so that its wheel needs no npm."""
    _fetch()
    built: str = maturin.build_sdist(sdist_directory, config_settings)
    return built


def _fetch() -> None:
    main()
    if not is_complete():
        raise SystemExit(
            "GraphiQL's files are missing, and without them a wheel would serve a plain form"
            " instead. Install Node.js with npm, and build again."
        )
