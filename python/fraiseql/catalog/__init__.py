"""The catalog: a frozen picture of the relations that an application reads."""

from fraiseql.catalog.picture import Catalog, Column, Relation

__all__ = ["Catalog", "Column", "Relation"]
