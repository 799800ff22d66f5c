"""``python -m fraiseql.cli``: the same as ``fraiseql``."""

import sys

from fraiseql.cli.main import main

sys.exit(main())
