"""Hints of all errors that clients cause."""

from pathlib import Path

from fraiseql.usual_hints import HINTS, with_usual_hint

ERRORS = Path(__file__).parents[2] / "docs" / "errors"

# Of the server, its developer, or its commands; a client can change nothing, or only wait.
OTHERS = """
ADVISE_NO_SCRATCH APPLY_RUNNING BAD_CONFIGURATION BAD_DECLARATION BAD_DOCUMENT BAD_SOURCE CACHE_TAG
CACHE_UNKNOWN CACHE_VOLATILE CACHE_WRITES_NOT_SEEN COLUMN_NOT_STORABLE COLUMN_TYPE DATABASE_ERROR
DATABASE_UNAVAILABLE EMBEDDED_BINARIES EMBEDDED_DIRECTORY EMBEDDED_SERVER EMBEDDED_START
EMBEDDED_TIMEOUT EMBEDDED_VERSION EMBED_IN_GENERATED_COLUMN EMBED_NOT_STORABLE FAN_OUT
FIELD_NOT_READ INDEX_COLUMN INDEX_TABLE INTERNAL_ERROR ISOLATION LEDGER_NOT_READABLE LEDGER_VERSION
LOCK_TIMEOUT NAME_TAKEN NEEDS_KEY NOT_SUPERUSER NO_KEY PREDICATE_CHANGES PREDICATE_READS_MORE
RAISE_EXCEPTION RESOLVER_ERROR ROW_SECURITY STALE STATEMENT_TIMEOUT STEP_FAILED TABLE_NOT_STORABLE
TRACE_EMPTY TRACE_FILE TUNE_REFUSED TUNE_ROLLED_BACK UNBOUNDED_EMBED UNKNOWN_EMBED UNKNOWN_STRATEGY
UNPROVEN_INDEX VIEW_CHANGES VIEW_NOT_STORABLE WRITES_NOT_SEEN WRITE_NOT_POSSIBLE
"""


def test_each_code_has_a_hint_or_is_not_of_a_client() -> None:
    codes = {page.stem for page in ERRORS.glob("*.md")} - {"README"}
    assert codes == HINTS.keys() | set(OTHERS.split())
    assert not HINTS.keys() & set(OTHERS.split())


def test_a_hint_of_the_error_itself_wins() -> None:
    assert with_usual_hint({"code": "FORBIDDEN", "hint": "own"})["hint"] == "own"
    assert with_usual_hint({"code": "FORBIDDEN"})["hint"] == HINTS["FORBIDDEN"]
    assert with_usual_hint({"code": "OWN_CODE"}) == {"code": "OWN_CODE"}
