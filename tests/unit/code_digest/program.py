"""A program of its own: prints the digest of ``answer`` in an application's package."""

import importlib
import sys

from fraiseql.code_digest import Ownership, digest_of


def main(directory: str) -> None:
    """Print the digest, and what was not seen."""
    sys.path.insert(0, directory)
    module = importlib.import_module("shopapp.views")
    found = digest_of([module.answer], Ownership(["shopapp.views"]))
    print(found.digest, *found.unseen)


if __name__ == "__main__":
    main(sys.argv[1])
