"""Parts of a fingerprint: for each catalog, a number that changes with its rows."""
# ruff: noqa: S608 - what is joined into SQL is written here

from dataclasses import dataclass
from typing import Final
from zlib import crc32


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of definition.

    Attributes:
        title: What changed, for the reader of a reason.
        rows: Query for numbers, one for each row that counts; ``{objects}`` is SQL of an ``oid[]``,
            ``{columns}`` of a ``bigint[]`` of relation and column number.
        prompt: The kinds of ``objects``, where PostgreSQL plans no statement again when these
            rows change, so that they must be read each time; else empty.
    """

    title: str
    rows: str
    prompt: tuple[str, ...] = ()


def versions(catalog: str, condition: str, oid: str = "x.oid") -> str:
    """Return the query for the versions of the rows of one catalog, ``x``."""
    # Equal numbers would cancel each other: a catalog has seeds of its own.
    seed = crc32(catalog.encode()) % 2**20 << 42
    number = f"pg_catalog.hashtextextended(x.xmin::text, ({oid})::bigint + {seed})"
    return f"SELECT {number} FROM pg_catalog.{catalog} x WHERE {condition}"


def _texts(*columns: str) -> str:
    return f"pg_catalog.hashtextextended(pg_catalog.concat_ws(':', {', '.join(columns)}), 0)"


def _either(*queries: str) -> str:
    return "\n    UNION ALL ".join(queries)


NAMED: Final = "x.oid = ANY ({objects})"

DATABASE_COLLATION: Final = 100
"""Stands among objects for the collation that the database has by default."""

# Rows by their version (xmin): what is changed and changed back is another version, since documents
# may have been written in between. Tables and columns by their content: a live view reads each of
# them, so PostgreSQL refuses to change its type, and a GRANT changes no document.
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
                "CASE c.relkind WHEN 'v' THEN c.relowner END",
                "CASE c.relkind WHEN 'v' THEN c.reloptions END",
            )
        }
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid = ANY ({{objects}})""",
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
    WHERE a.attrelid = ANY ({{objects}})
      AND a.attrelid::bigint * 65536 + a.attnum = ANY ({{columns}})""",
            # Of a row as a whole, every column counts, also one that is added later.
            f"""SELECT {_texts("c.oid", "c.relnatts")} FROM pg_catalog.pg_class c
    WHERE c.oid = ANY ({{objects}}) AND c.oid::bigint * 65536 = ANY ({{columns}})""",
        ),
    ),
    Part("the expression of a generated column", versions("pg_attrdef", NAMED)),
    Part(
        "the query of a view",
        versions("pg_rewrite", "x.ev_class = ANY ({objects}) AND x.ev_type = '1'"),
    ),
    Part("a policy", versions("pg_policy", "x.polrelid = ANY ({objects})")),
    Part("a trigger of ours", versions("pg_trigger", NAMED)),
    Part(
        "a partition or an inheriting table",
        versions(
            "pg_inherits",
            "x.inhparent = ANY ({objects}) OR x.inhrelid = ANY ({objects})",
            "x.inhparent::bigint * 31 + x.inhrelid::bigint",
        ),
    ),
    Part("a function or an aggregate", versions("pg_proc", NAMED), ("pg_proc",)),
    Part(
        "a type",
        _either(
            f"SELECT pg_catalog.hashoidextended(x.oid, 0) FROM pg_catalog.pg_type x WHERE {NAMED}",
            # Attributes of composite types; a table's row type has the table's columns.
            """SELECT pg_catalog.hashtextextended(a.xmin::text,
      a.attrelid::bigint * 65536 + a.attnum)
    FROM pg_catalog.pg_type t JOIN pg_catalog.pg_class c ON c.oid = t.typrelid AND c.relkind = 'c'
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
    WHERE t.oid = ANY ({objects})""",
        ),
    ),
    Part(
        "a domain or its constraint",
        _either(
            versions("pg_type", NAMED + " AND x.typtype = 'd'"),
            versions("pg_constraint", "x.contypid <> 0 AND x.contypid = ANY ({objects})"),
        ),
        ("domain",),
    ),
    Part("a label of an enum", versions("pg_enum", NAMED), ("label",)),
    Part(
        "a cast",
        versions(
            "pg_cast",
            "(x.oid = ANY ({objects}) OR x.castsource = ANY ({objects})) AND x.oid >= 16384",
        ),
        ("pg_type", "enum", "pg_cast"),
    ),
    Part(
        "an operator",
        _either(
            versions("pg_operator", NAMED),
            versions("pg_amop", "x.amopfamily = ANY ({objects})"),
            """SELECT pg_catalog.hashoidextended(x.oid, 0) FROM pg_catalog.pg_opclass x
    WHERE x.opcintype = ANY ({objects})""",
        ),
    ),
    Part(
        "an operator class",
        _either(
            versions("pg_opclass", NAMED),
            versions("pg_amproc", "x.amprocfamily = ANY ({objects})"),
        ),
        ("pg_opclass", "pg_opfamily"),
    ),
    Part(
        "a text search configuration or dictionary",
        _either(
            versions("pg_ts_config", NAMED),
            versions(
                "pg_ts_config_map",
                "x.mapcfg = ANY ({objects})",
                "x.mapcfg::bigint * 65536 + x.maptokentype * 256 + x.mapseqno",
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
    FROM pg_catalog.pg_collation o WHERE o.oid = ANY ({{objects}})""",
            f"""SELECT {_texts("d.oid", "pg_catalog.pg_database_collation_actual_version(d.oid)")}
    FROM pg_catalog.pg_database d
    WHERE d.datname = pg_catalog.current_database() AND {DATABASE_COLLATION} = ANY ({{objects}})""",
        ),
    ),
    Part("an extension", versions("pg_extension", NAMED), ("pg_extension",)),
)


def digest(rows: str) -> str:
    """Return SQL of one number for rows' numbers, whatever their order."""
    return f"""\
(SELECT coalesce(bit_xor(part.number), 0)
   FROM ({rows}) AS part (number))"""


def digests(parts: tuple[Part, ...], objects: str, columns: str = "'{}'::bigint[]") -> list[str]:
    """Return SQL of the number of each part.

    Args:
        parts: Of ``PARTS``.
        objects: SQL of an ``oid[]``.
        columns: SQL of a ``bigint[]``.
    """
    return [digest(part.rows.format(objects=objects, columns=columns)) for part in parts]
