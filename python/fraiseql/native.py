"""The native module, imported nowhere else."""

from fraiseql_rs import Engine, LargeText, RenderError, Shape, check_json

__all__ = ["Engine", "LargeText", "RenderError", "Shape", "check_json"]
