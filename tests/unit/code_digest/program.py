"""Program that prints the digest of ``answer`` in a package."""

import importlib
import sys

from fraiseql.code_digest import Ownership, digest_of


def main(directory: str) -> None:
    """Print the digest and the unseen objects."""
    sys.path.insert(0, directory)
    module = importlib.import_module("shopapp.views")
    result = digest_of([module.answer], Ownership(["shopapp.views"]))
    print(result.digest, *result.unseen)


if __name__ == "__main__":
    main(sys.argv[1])
