"""PostGraphile as a process of its own, on the same database."""

import http.client
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

HERE: Final = Path(__file__).parent
PACKAGES: Final = HERE / "node_modules"


class PostGraphile:
    """Sends operations to a running PostGraphile.

    Args:
        port: Where it listens.
    """

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def ask(self, query: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the decoded response."""
        body = json.dumps({"query": query, "variables": variables or {}})
        headers = {"content-type": "application/json", "accept": "application/json"}
        self._connection.request("POST", "/graphql", body.encode(), headers)
        answer: dict[str, Any] = json.loads(self._connection.getresponse().read())
        return answer

    def data(self, query: str, variables: Mapping[str, Any] | None = None) -> Any:
        """Return the data of a response that must have no errors."""
        answer = self.ask(query, variables)
        assert "errors" not in answer, (answer["errors"], query, variables)
        return answer["data"]

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def _environment(url: str) -> dict[str, str]:
    """Return the variables by which its driver finds the database."""
    parts = urlsplit(url)
    options = parse_qs(parts.query)
    values = {
        "PGHOST": parts.hostname or options.get("host", ["localhost"])[0],
        "PGPORT": str(parts.port or options.get("port", ["5432"])[0]),
        "PGUSER": parts.username or "postgres",
        "PGDATABASE": parts.path.removeprefix("/"),
        "GRAPHILE_ENV": "production",
    }
    password = {"PGPASSWORD": parts.password} if parts.password else {}
    return {**os.environ, **values, **password}


@contextmanager
def postgraphile(url: str) -> Iterator[PostGraphile]:
    """Serve the tables of a database."""
    node = shutil.which("node")
    assert node is not None, "node is missing: install Node.js 20 or newer, then `make setup-test`"
    assert (PACKAGES / "postgraphile").is_dir(), "run `make setup-test`"
    command = [node, str(HERE / "postgraphile.mjs")]
    with subprocess.Popen(
        command, env=_environment(url), stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.strip().isdigit(), "PostGraphile did not start"
            peer = PostGraphile(int(line))
            try:
                yield peer
            finally:
                peer.close()
        finally:
            process.terminate()
