"""The serving road: document, planning, sql, execution, response, in order of travel."""

from fraiseql.serving.request import Request, Response
from fraiseql.serving.service import Service

__all__ = ["Request", "Response", "Service"]
