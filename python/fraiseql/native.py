"""The native module, imported nowhere else."""

from fraiseql_rs import LargeText, RenderError, Shape, check_json

__all__ = ["LargeText", "RenderError", "Shape", "check_json"]
