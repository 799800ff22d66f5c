"""Error messages that an application wrote, as opposed to Python's own."""

import sys
from dis import opname
from types import TracebackType


def written_words(error: Exception) -> str | None:
    """Return the text of an error raised outside Python's own library.

    Clients do not see the texts of ``int("x")`` and ``UUID("x")``, which are Python's.
    """
    raised = _innermost(error.__traceback__)
    if raised is None:
        return None
    frame = raised.tb_frame
    module = str(frame.f_globals.get("__name__")).partition(".")[0]
    # An error that a function written in C raises has the frame that called it.
    by_statement = opname[frame.f_code.co_code[raised.tb_lasti]].startswith("RAISE")
    return str(error) if by_statement and module not in sys.stdlib_module_names else None


def _innermost(traceback: TracebackType | None) -> TracebackType | None:
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    return traceback
