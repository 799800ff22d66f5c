"""The native module, imported nowhere else."""

import sys

from fraiseql_rs import Engine, Hits, LargeText, RenderError, Shape, check_json

if sys.platform != "win32":
    from fraiseql_rs import Server

__all__ = ["Engine", "Hits", "LargeText", "RenderError", "Server", "Shape", "check_json"]
