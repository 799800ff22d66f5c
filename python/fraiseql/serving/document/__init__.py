"""Documents: from the text of a request to a validated operation, once for each text."""

from fraiseql.serving.document.operation import Operation, RequestError
from fraiseql.serving.document.parse import DocumentLimits, parse_document

__all__ = ["DocumentLimits", "Operation", "RequestError", "parse_document"]
