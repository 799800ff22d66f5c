"""Advice as patches of Python source and SQL files, with their undo."""

import difflib
import inspect
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fraiseql.caching.ddl.apply import find_plan
from fraiseql.caching.ddl.desired_state import load_desired_state
from fraiseql.caching.ddl.script import plan_files
from fraiseql.database import Pool
from fraiseql.database.writing import open_admin
from fraiseql.errors import ConfigurationError, FraiseQLError
from fraiseql.operating.advise.candidate import Advice, Candidate
from fraiseql.operating.advise.declared_option import with_option
from fraiseql.operating.advise.source_edits import edited
from fraiseql.schema import Schema


@dataclass(frozen=True, slots=True)
class EmittedAdvice:
    """The files of one recommendation.

    Attributes:
        id: Id of its candidate.
        files: The files.
        note: What they lack; empty for nothing.
    """

    id: str
    files: tuple[Path, ...]
    note: str = ""


async def emit(
    pool: Pool, schema: Schema, advice: Sequence[Advice], folder: Path
) -> list[EmittedAdvice]:
    """Write the files of advice into a folder.

    A declaration becomes a patch, its undo the reverse one, and the SQL of ``db apply`` a folder.
    Other changes become a file of statements, and one that undoes them.

    Args:
        pool: Connections to the database, which is only read.
        schema: The declarations.
        advice: The recommendations.
        folder: The folder; made if it does not exist.

    Raises:
        ConfigurationError: The folder cannot be written.
    """
    emitted = []
    for place, each in enumerate(advice, 1):
        stem = f"{place:02}-{each.candidate.id}"
        files, note = await _texts(pool, schema, each.candidate, stem)
        emitted.append(EmittedAdvice(each.candidate.id, _write(folder, files), note))
    return emitted


def _write(folder: Path, files: Mapping[str, str]) -> tuple[Path, ...]:
    paths = tuple(folder / name for name in files)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in zip(paths, files.values(), strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"{folder} cannot be written: {error.strerror or error}.",
            hint="Pass another directory: --emit DIR.",
        ) from error
    return paths


async def _texts(
    pool: Pool, schema: Schema, candidate: Candidate, stem: str
) -> tuple[dict[str, str], str]:
    """Return the texts of the files by name, and a note on missing ones."""
    files: dict[str, str] = {}
    notes: list[str] = []
    if candidate.declaration and candidate.option in ("indexes", "stored", "cache"):
        patch = source_patch(schema, candidate)
        if patch is None:
            notes.append(f"write {candidate.option}={candidate.declaration} by hand")
        else:
            files |= {f"{stem}.patch": patch[0], f"{stem}.undo.patch": patch[1]}
        try:
            files |= await _plan_texts(pool, schema, candidate, stem)
        except FraiseQLError as error:
            notes.append(f"no SQL of db apply: {error.message}")
    elif candidate.ddl:
        files |= {
            f"{stem}.sql": _script(candidate.ddl),
            f"{stem}.undo.sql": _script(candidate.undo),
        }
    return files, "; ".join(notes)


async def _plan_texts(
    pool: Pool, schema: Schema, candidate: Candidate, stem: str
) -> dict[str, str]:
    """Return the SQL that ``db apply`` runs with the changed declaration."""
    desired = await load_desired_state(with_option(schema, candidate), pool)
    async with open_admin(pool) as writer:
        plan = await find_plan(writer, desired, extending=True)
    return {f"{stem}/{name}": text for name, text in plan_files(plan).items()}


def source_patch(schema: Schema, candidate: Candidate) -> tuple[str, str] | None:
    """Return the patch of the module that declares a candidate's target, and its undo.

    Paths are relative to the current directory. None if no module declares the target in a form
    that a program can change.
    """
    for path in _sources(schema):
        try:
            # Not as text, which would lose the ends of lines that a patch needs.
            source = path.read_bytes().decode()
        except UnicodeDecodeError:
            continue
        changed = edited(source, candidate)
        if changed is not None:
            return _patch(path, source, changed), _patch(path, changed, source)
    return None


def _sources(schema: Schema) -> Iterable[Path]:
    """Return the files of the application's modules."""
    names = [each.python_class.__module__ for each in schema.objects.values()]
    names += [
        inspect.unwrap(each.function).__module__
        for each in schema.queries.values()
        if each.function is not None
    ]
    own = [name for name in dict.fromkeys(names) if not name.startswith("fraiseql.schema")]
    packages = {name.partition(".")[0] for name in own}
    own += [name for name in sys.modules if name.partition(".")[0] in packages and name not in own]
    files = (getattr(sys.modules.get(name), "__file__", None) for name in own)
    return [Path(file) for file in dict.fromkeys(files) if file and file.endswith(".py")]


def _patch(path: Path, before: str, after: str) -> str:
    resolved, here = path.resolve(), Path.cwd().resolve()
    shown = resolved.relative_to(here) if resolved.is_relative_to(here) else resolved
    name = shown.as_posix().lstrip("/")
    lines = difflib.unified_diff(
        _lines(before),
        _lines(after),
        f"a/{name}",
        f"b/{name}",
    )
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def _lines(text: str) -> list[str]:
    """Return the lines as programs for patches count them: a form feed ends none."""
    lines = [f"{line}\n" for line in text.split("\n")]
    return [*lines[:-1], lines[-1][:-1]] if lines[-1] != "\n" else lines[:-1]


def _script(statements: Sequence[str]) -> str:
    return "".join(f"{statement.rstrip(';')};\n" for statement in statements)
