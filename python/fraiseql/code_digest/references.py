"""Names that a code object looks up, and modules it imports."""

import dis
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType
from typing import Final

_LOADS: Final = frozenset({"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"})
_ATTRIBUTES: Final = frozenset({"LOAD_ATTR", "LOAD_METHOD"})
_PADDING: Final = frozenset({"EXTENDED_ARG", "CACHE", "PUSH_NULL", "NOP", "PRECALL"})

ALL_GLOBALS: Final = frozenset({"globals", "eval", "exec"})
"""Builtins by which code can reach every name of its module."""


@dataclass(frozen=True, slots=True)
class GlobalUse:
    """One use of a name of the module: ``rates.vat.full`` is the name ``rates`` and a path."""

    name: str
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ImportUse:
    """An import inside of a function; ``names`` is empty for a plain ``import``."""

    module: str
    level: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class References:
    """References of a code object, including functions and classes inside of it."""

    globals: tuple[GlobalUse, ...]
    imports: tuple[ImportUse, ...]


@lru_cache(maxsize=4096)
def references(code: CodeType) -> References:
    """Return the references of ``code``, in a stable order."""
    uses: set[GlobalUse] = set()
    imports: set[ImportUse] = set()
    for part in nested(code):
        steps = [step for step in dis.get_instructions(part) if step.opname not in _PADDING]
        for number, step in enumerate(steps):
            if step.opname in _LOADS:
                uses.add(GlobalUse(step.argval, _path(steps, number + 1)))
            elif step.opname == "IMPORT_NAME":
                level, names = steps[number - 2].argval, steps[number - 1].argval
                imports.add(ImportUse(step.argval, level, tuple(names or ())))
    return References(
        tuple(sorted(uses, key=lambda use: (use.name, use.path))),
        tuple(sorted(imports, key=lambda use: (use.level, use.module, use.names))),
    )


def nested(code: CodeType) -> Iterator[CodeType]:
    """Yield ``code`` and every code object among its constants."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from nested(constant)


def _path(steps: list[dis.Instruction], start: int) -> tuple[str, ...]:
    names: list[str] = []
    for step in steps[start:]:
        if step.opname not in _ATTRIBUTES:
            break
        names.append(step.argval)
    return tuple(names)
