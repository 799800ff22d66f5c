"""The native module, named here and nowhere else: shapes that render, and the JSON check."""

from fraiseql_rs import LargeText, RenderError, Shape, check_json

__all__ = ["LargeText", "RenderError", "Shape", "check_json"]
