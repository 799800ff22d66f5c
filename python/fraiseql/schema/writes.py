"""``Writes``: the generated mutations of a type."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from fraiseql.errors import DeclarationError
from fraiseql.schema.options import names_of
from fraiseql.schema.requirements import Check, Requires, read_requirement

MAX_AFFECTED: Final = 1_000


@dataclass(frozen=True, slots=True)
class Writes:
    """The mutations that are generated for a type, by the fields that they may write.

    Only listed fields can be written, and only listed mutations exist.

    Args:
        create: Fields of ``create`` and ``createMany``. A field is required unless it is nullable
            or has a default in Python; left out, it has the default of its column.
        update: Fields of ``update`` and ``updateMany``; those that are left out stay as they are.
        upsert: Unique keys for ``upsert``, each a field or a tuple of fields. It creates a row with
            the fields of ``create``, or changes those of ``update`` in the row with the same key.
        delete: Whether ``delete`` and ``deleteMany`` exist.
        many: Whether the mutations of many rows exist.
        max_affected: Most rows that one mutation may write; more are the error ``TOO_MANY_ROWS``.
        errors: ``union``: mutations of one row answer a union of the type and ``WriteRefused``, as
            ``mutation(errors="union")`` does.
        requires: Function of the request's context: whether it may use the mutations.
        hide: Whether requests that may not use them do not see them in the schema.

    Raises:
        DeclarationError: An option has the wrong form, or nothing is listed.

    Example:
        >>> import fraiseql
        >>> @fraiseql.type(sql_source="post", writes=fraiseql.Writes(create=["title"], delete=True))
        ... class Post:
        ...     id: int
        ...     title: str
    """

    create: Sequence[str] = ()
    update: Sequence[str] = ()
    upsert: Sequence[str | Sequence[str]] = ()
    delete: bool = False
    many: bool = True
    max_affected: int = MAX_AFFECTED
    errors: Literal["response", "union"] = "response"
    requires: Check | None = None
    hide: bool = False
    requirement: Requires | None = field(init=False, default=None, repr=False)

    def __post_init__(self) -> None:
        set_ = object.__setattr__
        set_(self, "create", names_of("create", self.create))
        set_(self, "update", names_of("update", self.update))
        keys = [self.upsert] if isinstance(self.upsert, str) else self.upsert
        set_(self, "upsert", tuple(names_of("upsert", key) for key in keys))
        set_(self, "requirement", read_requirement("Writes", self.requires, self.hide))
        if not (self.create or self.update or self.delete):
            raise DeclarationError(
                "Writes lists nothing to write.",
                hint='Write Writes(create=["title"]), update=[…] or delete=True.',
            )
        if self.errors not in ("response", "union"):
            raise DeclarationError(
                f"Writes has errors={self.errors!r}.", hint="Write 'union' or leave it out."
            )
        if self.upsert and not self.create:
            raise DeclarationError(
                "Writes has upsert=, but no create=.", hint="List the fields of a new row."
            )
        whole = isinstance(self.max_affected, int) and not isinstance(self.max_affected, bool)
        if not whole or self.max_affected < 1:
            raise DeclarationError(
                f"Writes has max_affected={self.max_affected!r}.",
                hint="Write a whole number of 1 or more.",
            )


def checked_writes(label: str, writes: Any) -> Writes | None:
    """Return the value of ``writes=``.

    Raises:
        DeclarationError: It is no ``Writes``.
    """
    if writes is None or isinstance(writes, Writes):
        return writes
    raise DeclarationError(
        f"{label} has writes={writes!r}.", hint='Write writes=fraiseql.Writes(create=["title"]).'
    )
