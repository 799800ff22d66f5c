"""The native module, imported nowhere else."""

from fraiseql_rs import Engine, Hits, LargeText, RenderError, Server, Shape, check_json

__all__ = ["Engine", "Hits", "LargeText", "RenderError", "Server", "Shape", "check_json"]
