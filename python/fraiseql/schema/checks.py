"""Checks of declarations that need to see more than one of them."""

from fraiseql.schema.model import Model


def check_model(model: Model) -> None:
    """Check everything."""
