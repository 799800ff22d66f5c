"""Documents: parsing, validation, limits and variables."""

from fraiseql.serving.document.operation import Operation, RequestError
from fraiseql.serving.document.parse import DocumentLimits, check_kind, parse_document
from fraiseql.serving.document.refusals import Refusals, digest_of
from fraiseql.serving.document.sizes import input_limits

__all__ = [
    "DocumentLimits",
    "Operation",
    "Refusals",
    "RequestError",
    "check_kind",
    "digest_of",
    "input_limits",
    "parse_document",
]
