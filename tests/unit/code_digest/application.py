"""A package with all dependencies of resolvers, and changes of it."""

from typing import Final

FILES: Final = {
    "__init__.py": "",
    "rates.py": """
        VAT = 20
        TABLE = {"de": 19, "fr": 20}
        KINDS = {"book", "food", "toy", "game"}
        UNUSED = 1

        def rounded(value):
            return round(value, 2)
    """,
    "lazy.py": """
        DISCOUNT = 5
    """,
    "late.py": """
        LATE = 6
    """,
    "flags.py": """
        DYNAMIC = 7
    """,
    "helpers.py": """
        import functools
        import threading
        from dataclasses import dataclass, field
        from decimal import Decimal
        from enum import Enum
        from pathlib import Path

        HERE = Path(__file__).parent / "data"
        HERE_TEXT = str(HERE)
        LOCK = threading.Lock() if False else None

        class Level(Enum):
            LOW = 1
            HIGH = 2

            def text(self):
                return "level " + self.name

        def tax_of(price, *, rate=Decimal("0.10")):
            return price * rate

        def deeper():
            return deepest()

        def deepest():
            return "deepest value"

        def scaled(by):
            def scale(value):
                return value * by
            return scale

        tripled = scaled(3)
        BOX = [11, {"inner": (12, [13])}]

        def traced(function):
            @functools.wraps(function)
            def wrapper(*args, **kwargs):
                return ("trace-1", function(*args, **kwargs))
            return wrapper

        @traced
        def decorated():
            return "decorated body"

        @functools.lru_cache
        def remembered(number):
            return number + 101

        @functools.singledispatch
        def shown(value):
            return "any"

        @shown.register
        def _(value: int):
            return "integer shown"

        part = functools.partial(tax_of, 50)

        class Base:
            greeting = "base greeting"

            def method(self):
                return self.hook()

            def hook(self):
                return "base hook"

        class Money(Base):
            currency = "EUR"
            __slots__ = ("amount",)

            def __init__(self, amount):
                self.amount = amount

            @property
            def cents(self):
                return self.amount * 100

            @staticmethod
            def fixed():
                return "static value"

            @classmethod
            def made(cls):
                return cls(77)

            @functools.cached_property
            def once(self):
                return "once value"

        class Callable:
            def __init__(self, number):
                self.number = number

            def __call__(self):
                return self.number * 1000

        calling = Callable(88)

        def _factory():
            return 99

        @dataclass(frozen=True)
        class Options:
            limit: int = 21
            extra: int = field(default_factory=_factory)

        OPTIONS = Options(limit=22)
        MONEY = Money(33)
        GENERATED = {}
        exec("def generated(): return 'generated value'", GENERATED)
        generated = GENERATED["generated"]
        pick = lambda value: value + 44
        recursive = {}
        recursive["self"] = recursive
        recursive["number"] = 55
    """,
    "views.py": """
        from . import helpers, rates
        from .helpers import (
            BOX, HERE, HERE_TEXT, MONEY, OPTIONS, Level, calling, decorated, generated, part,
            pick, recursive, remembered, shown, tripled,
        )
        from .rates import KINDS

        LIMIT = 10
        PRIVATE = "not used"

        def local_helper(first=66, *, second=68):
            return [number for number in range(3) if number != LIMIT], first, second

        def answer(info, country: str = "de", *, level=Level.LOW):
            from .lazy import DISCOUNT
            import shopapp.late

            def inner():
                return rates.VAT + 71

            class Local:
                value = 72

            return (
                inner(), Local.value, DISCOUNT, shopapp.late.LATE, rates.TABLE[country],
                rates.rounded(1), KINDS, BOX, HERE, HERE_TEXT, MONEY.cents, OPTIONS,
                Level.HIGH.text(),
                calling(), decorated(), generated(), part(), pick(1), recursive, remembered(1),
                shown(1), tripled(2), helpers.deeper(), getattr(rates, "VAT"), local_helper(),
                country in {"xx", "yy", "zz"}, sum(x * 73 for x in range(2)),
            )
    """,
}

CHANGES: Final = (
    ("rates.py", "VAT = 20", "VAT = 21"),
    ("rates.py", '"fr": 20', '"fr": 21'),
    ("rates.py", '"toy"', '"tool"'),
    ("rates.py", "round(value, 2)", "round(value, 3)"),
    ("lazy.py", "DISCOUNT = 5", "DISCOUNT = 6"),
    ("late.py", "LATE = 6", "LATE = 7"),
    ("helpers.py", 'Path(__file__).parent / "data"', 'Path(__file__).parent / "other"'),
    ("helpers.py", "HIGH = 2", "HIGH = 3"),
    ("helpers.py", '"level "', '"Level "'),
    ("helpers.py", '"0.10"', '"0.11"'),
    ("helpers.py", '"deepest value"', '"other value"'),
    ("helpers.py", "value * by", "value + by"),
    ("helpers.py", "scaled(3)", "scaled(4)"),
    ("helpers.py", "[13]", "[14]"),
    ("helpers.py", '"trace-1"', '"trace-2"'),
    ("helpers.py", '"decorated body"', '"other body"'),
    ("helpers.py", "number + 101", "number + 102"),
    ("helpers.py", '"integer shown"', '"other shown"'),
    ("helpers.py", "partial(tax_of, 50)", "partial(tax_of, 51)"),
    ("helpers.py", '"base greeting"', '"other greeting"'),
    ("helpers.py", '"base hook"', '"other hook"'),
    ("helpers.py", '"EUR"', '"USD"'),
    ("helpers.py", "self.amount * 100", "self.amount * 101"),
    ("helpers.py", '"static value"', '"other value"'),
    ("helpers.py", "cls(77)", "cls(78)"),
    ("helpers.py", '"once value"', '"other value"'),
    ("helpers.py", "self.number * 1000", "self.number * 1001"),
    ("helpers.py", "Callable(88)", "Callable(89)"),
    ("helpers.py", "return 99", "return 98"),
    ("helpers.py", "limit: int = 21", "limit: int = 20"),
    ("helpers.py", "Options(limit=22)", "Options(limit=23)"),
    ("helpers.py", "Money(33)", "Money(34)"),
    ("helpers.py", "'generated value'", "'other value'"),
    ("helpers.py", "value + 44", "value + 45"),
    ("helpers.py", '["number"] = 55', '["number"] = 56'),
    ("views.py", "LIMIT = 10", "LIMIT = 11"),
    ("views.py", "first=66", "first=67"),
    ("views.py", "second=68", "second=69"),
    ("views.py", 'country: str = "de"', 'country: str = "fr"'),
    ("views.py", "country: str", "country: int"),
    ("views.py", "level=Level.LOW", "level=Level.HIGH"),
    ("views.py", "rates.VAT + 71", "rates.VAT + 72"),
    ("views.py", "value = 72", "value = 73"),
    ("views.py", '"zz"', '"ww"'),
    ("views.py", "x * 73", "x * 74"),
)
"""File, text and other text: each of them changes an answer."""

SAME: Final = (
    ("helpers.py", "import functools\n", "# Other lines.\n\n\n        import functools\n"),
    ("views.py", '"not used"', '"not used at all"'),
)
"""Changes that no answer shows."""
