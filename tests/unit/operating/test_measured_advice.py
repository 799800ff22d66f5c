"""Output of ``fraiseql advise --evaluate``."""

from fraiseql.cli.measured_advice import shown_form


def test_the_password_of_a_copy_is_not_printed() -> None:
    assert shown_form("postgresql://me:s3cret@db/copy?password=x") == "postgresql://me@db/copy"
    assert shown_form("embedded") == "embedded"
