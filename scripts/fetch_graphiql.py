"""Download of GraphiQL's published files.

Uses ``npm pack``, so only npm's own registry settings decide where they come from.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

TARGET = Path(__file__).parent.parent / "python" / "fraiseql" / "http" / "static"

PACKAGES = {
    "react@18.3.1": {
        "umd/react.production.min.js": "react.production.min.js",
        "LICENSE": "react.LICENSE",
    },
    "react-dom@18.3.1": {
        "umd/react-dom.production.min.js": "react-dom.production.min.js",
        "LICENSE": "react-dom.LICENSE",
    },
    "graphiql@4.1.2": {
        "graphiql.min.js": "graphiql.min.js",
        "graphiql.min.css": "graphiql.min.css",
        "LICENSE": "graphiql.LICENSE",
    },
}

CHECKSUMS = {
    "react.production.min.js": "d949f1c3687aedadcedac85261865f29b17cd273997e7f6b2bfc53b2f9d4c4dd",
    "react-dom.production.min.js": (
        "35f4f974f4b2bcd44da73963347f8952e341f83909e4498227d4e26b98f66f0d"
    ),
    "graphiql.min.js": "867226ba8af5ce7949903fc53932f78dac9f4bfc6cc8da0fd3869b8bc6c5256b",
    "graphiql.min.css": "30487e07635d312a63f647b140d37740a73c53332b0975bf4b1fe985ca6ec885",
}


def main() -> int:
    """Fetch missing or different files; return the exit status."""
    if is_complete():
        return 0
    npm = shutil.which("npm")
    if npm is None:
        print(
            "npm was not found, so GraphiQL's files cannot be fetched: browsers get a plain form "
            "instead. Install Node.js with npm and run this again.",
            file=sys.stderr,
        )
        return 0
    with tempfile.TemporaryDirectory() as folder:
        _pack(npm, Path(folder))
    wrong = [name for name, checksum in CHECKSUMS.items() if _checksum(TARGET / name) != checksum]
    for name in wrong:
        (TARGET / name).unlink(missing_ok=True)
        print(f"{name} is not the file that was expected; it is not used.", file=sys.stderr)
    return 1 if wrong else 0


def is_complete() -> bool:
    """Return whether every file exists with the expected checksum."""
    return all(_checksum(TARGET / name) == checksum for name, checksum in CHECKSUMS.items())


def _pack(npm: str, folder: Path) -> None:
    command = [npm, "pack", "--json", "--pack-destination", str(folder), *PACKAGES]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=folder)
    TARGET.mkdir(parents=True, exist_ok=True)
    for packed in _described(json.loads(done.stdout)):
        members = PACKAGES[f"{packed['name']}@{packed['version']}"]
        with tarfile.open(folder / packed["filename"]) as archive:
            for member, name in members.items():
                source = archive.extractfile(f"package/{member}")
                if source is not None:
                    (TARGET / name).write_bytes(source.read())


def _described(output: list[dict[str, str]] | dict[str, dict[str, str]]) -> list[dict[str, str]]:
    """Return npm's description of each archive; its versions print a list or a mapping."""
    return list(output.values()) if isinstance(output, dict) else output


def _checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


if __name__ == "__main__":
    sys.exit(main())
