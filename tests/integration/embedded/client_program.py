"""A client process that claims the server, prints its address and waits.

``python client_program.py DATA_DIR [BINARIES]``: prints one JSON line, ends when stdin does.
"""

import json
import os
import sys
import time

from fraiseql.database.embedded import start_embedded
from fraiseql.errors import EmbeddedServerError


def main() -> None:
    begin = time.perf_counter()
    try:
        server = start_embedded(sys.argv[1], binaries=sys.argv[2] if len(sys.argv) > 2 else None)
    except EmbeddedServerError as error:
        print(json.dumps({"error": str(error), "code": error.code}), flush=True)
        sys.exit(1)
    seconds = time.perf_counter() - begin
    report = {"url": server.url, "version": server.version, "seconds": seconds, "uid": os.getuid()}
    print(json.dumps(report), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
