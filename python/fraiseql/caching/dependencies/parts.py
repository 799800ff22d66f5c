"""Parts of a fingerprint, a number per catalog."""
# ruff: noqa: S608 - all SQL is written in this package

from dataclasses import dataclass
from typing import Final
from zlib import crc32

from fraiseql.sql_names import op

_EQ: Final = op("=")


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of definition.

    Attributes:
        title: Name of the changed definition, for messages.
        rows: Query for numbers, one for each row; ``{objects}`` is SQL of an ``oid[]``,
            ``{columns}`` of a ``bigint[]`` of relation and column number.
        prompt: The kinds of ``objects``, where PostgreSQL plans no statement again when these
            rows change, so that they must be read each time; else empty.
    """

    title: str
    rows: str
    prompt: tuple[str, ...] = ()


def versions(catalog: str, condition: str, oid: str = "x.oid") -> str:
    """Return the query for the versions of the rows of one catalog, ``x``."""
    # Equal numbers would cancel each other, so each catalog has its own seeds.
    seed = crc32(catalog.encode()) % 2**20 << 42
    number = (
        f"pg_catalog.hashtextextended(x.xmin::pg_catalog.text, ({oid})::bigint {op('+')} {seed})"
    )
    return f"SELECT {number} FROM pg_catalog.{catalog} x WHERE {condition}"


def _number(high: str, factor: int, low: str) -> str:
    return f"({high}::bigint {op('*')} {factor}) {op('+')} {low}"


def _texts(*columns: str) -> str:
    return f"pg_catalog.hashtextextended(pg_catalog.concat_ws(':', {', '.join(columns)}), 0)"


def _either(*queries: str) -> str:
    return "\n    UNION ALL ".join(queries)


NAMED: Final = f"x.oid {_EQ} ANY ({{objects}})"

DATABASE_COLLATION: Final = 100
"""Number that represents the default collation of the database among objects."""

# Rows count by version (xmin): a change that is reverted is a new version, since documents may have
# been written in between. Tables and columns count by content: a live view reads each of them, so
# PostgreSQL refuses to change its type, and a GRANT changes no document.
PARTS: Final[tuple[Part, ...]] = (
    Part(
        "the name or the row security of a table, or an option of a view",
        f"""SELECT {
            _texts(
                "c.oid",
                "c.relname",
                "n.nspname",
                "c.relkind",
                "c.relrowsecurity",
                "c.relforcerowsecurity",
                f"CASE WHEN c.relkind {_EQ} 'v' THEN c.relowner END",
                f"CASE WHEN c.relkind {_EQ} 'v' THEN c.reloptions END",
            )
        }
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid {_EQ} c.relnamespace
    WHERE c.oid {_EQ} ANY ({{objects}})""",
    ),
    Part(
        "a column",
        _either(
            f"""SELECT {
                _texts(
                    "a.attrelid",
                    "a.attnum",
                    "a.attname",
                    "a.atttypid",
                    "a.atttypmod",
                    "a.attcollation",
                    "a.attgenerated",
                    "a.attisdropped",
                )
            }
    FROM pg_catalog.pg_attribute a
    WHERE a.attrelid {_EQ} ANY ({{objects}})
      AND ({_number("a.attrelid", 65536, "a.attnum")}) {_EQ} ANY ({{columns}})""",
            # For a whole row every column counts, also one that is added later.
            f"""SELECT {_texts("c.oid", "c.relnatts")} FROM pg_catalog.pg_class c
    WHERE c.oid {_EQ} ANY ({{objects}})
      AND (c.oid::bigint {op("*")} 65536) {_EQ} ANY ({{columns}})""",
        ),
    ),
    Part("the expression of a generated column", versions("pg_attrdef", NAMED)),
    Part(
        "the query of a view",
        versions("pg_rewrite", f"x.ev_class {_EQ} ANY ({{objects}}) AND x.ev_type {_EQ} '1'"),
    ),
    Part("a policy", versions("pg_policy", f"x.polrelid {_EQ} ANY ({{objects}})")),
    Part("a trigger of ours", versions("pg_trigger", NAMED)),
    Part(
        "a partition or an inheriting table",
        versions(
            "pg_inherits",
            f"x.inhparent {_EQ} ANY ({{objects}}) OR x.inhrelid {_EQ} ANY ({{objects}})",
            _number("x.inhparent", 31, "x.inhrelid::bigint"),
        ),
    ),
    Part("a function or an aggregate", versions("pg_proc", NAMED), ("pg_proc",)),
    Part(
        "a type",
        _either(
            f"SELECT pg_catalog.hashoidextended(x.oid, 0) FROM pg_catalog.pg_type x WHERE {NAMED}",
            # Attributes of composite types; a table's row type has the table's columns.
            f"""SELECT pg_catalog.hashtextextended(a.xmin::pg_catalog.text,
      {_number("a.attrelid", 65536, "a.attnum")})
    FROM pg_catalog.pg_type t
    JOIN pg_catalog.pg_class c ON c.oid {_EQ} t.typrelid AND c.relkind {_EQ} 'c'
    JOIN pg_catalog.pg_attribute a ON a.attrelid {_EQ} c.oid AND a.attnum {op(">")} 0
    WHERE t.oid {_EQ} ANY ({{objects}})""",
        ),
    ),
    Part(
        "a domain or its constraint",
        _either(
            versions("pg_type", f"{NAMED} AND x.typtype {_EQ} 'd'"),
            versions(
                "pg_constraint", f"x.contypid {op('<>')} 0 AND x.contypid {_EQ} ANY ({{objects}})"
            ),
        ),
        ("domain",),
    ),
    Part("a label of an enum", versions("pg_enum", NAMED), ("label",)),
    Part(
        "a cast",
        versions(
            "pg_cast",
            f"(x.oid {_EQ} ANY ({{objects}}) OR x.castsource {_EQ} ANY ({{objects}}))"
            f" AND x.oid {op('>=')} 16384",
        ),
        ("pg_type", "enum", "pg_cast"),
    ),
    Part(
        "an operator",
        _either(
            versions("pg_operator", NAMED),
            versions("pg_amop", f"x.amopfamily {_EQ} ANY ({{objects}})"),
            f"""SELECT pg_catalog.hashoidextended(x.oid, 0) FROM pg_catalog.pg_opclass x
    WHERE x.opcintype {_EQ} ANY ({{objects}})""",
        ),
    ),
    Part(
        "an operator class",
        _either(
            versions("pg_opclass", NAMED),
            versions("pg_amproc", f"x.amprocfamily {_EQ} ANY ({{objects}})"),
        ),
        ("pg_opclass", "pg_opfamily"),
    ),
    Part(
        "a text search configuration or dictionary",
        _either(
            versions("pg_ts_config", NAMED),
            versions(
                "pg_ts_config_map",
                f"x.mapcfg {_EQ} ANY ({{objects}})",
                _number(
                    f"(x.mapcfg::bigint {op('*')} 256 {op('+')} x.maptokentype)", 256, "x.mapseqno"
                ),
            ),
            versions("pg_ts_dict", NAMED),
            versions("pg_ts_parser", NAMED),
            versions("pg_ts_template", NAMED),
        ),
        ("pg_ts_config", "pg_ts_dict", "pg_ts_parser", "pg_ts_template"),
    ),
    Part(
        "a collation",
        _either(
            f"""SELECT {_texts("o.oid", "pg_catalog.pg_collation_actual_version(o.oid)")}
    FROM pg_catalog.pg_collation o WHERE o.oid {_EQ} ANY ({{objects}})""",
            f"""SELECT {_texts("d.oid", "pg_catalog.pg_database_collation_actual_version(d.oid)")}
    FROM pg_catalog.pg_database d
    WHERE d.datname {_EQ} pg_catalog.current_database()
      AND {DATABASE_COLLATION} {_EQ} ANY ({{objects}})""",
        ),
    ),
    Part("an extension", versions("pg_extension", NAMED), ("pg_extension",)),
)


def digest(rows: str) -> str:
    """Return SQL of one number for the numbers of rows, in any order."""
    return f"""\
(SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM ({rows}) AS part (number))"""


def digests(parts: tuple[Part, ...], objects: str, columns: str = "'{}'::bigint[]") -> list[str]:
    """Return SQL of the number of each part.

    Args:
        parts: ``PARTS``.
        objects: SQL of an ``oid[]``.
        columns: SQL of a ``bigint[]``.
    """
    return [digest(part.rows.format(objects=objects, columns=columns)) for part in parts]
