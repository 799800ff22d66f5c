"""Serving pipeline: document, planning, sql, execution, preparation, response."""

from fraiseql.serving.document import RequestError
from fraiseql.serving.document.request import Request
from fraiseql.serving.document.variable_signature import ValueRef
from fraiseql.serving.execution.explain import Explanation, StatementReport
from fraiseql.serving.response.response import Response
from fraiseql.serving.service import Service

__all__ = [
    "Explanation",
    "Request",
    "RequestError",
    "Response",
    "Service",
    "StatementReport",
    "ValueRef",
]
