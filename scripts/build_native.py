"""Build of the Rust module when its sources have changed.

The digest of the sources is stored next to the installed package: neither `make` nor the tests run
against a stale module (`tests/architecture/test_promises.py` asks `is_fresh`).
"""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STAMP = Path(sys.prefix) / ".stamps" / "native.sha256"
IGNORED = frozenset({"target", "fuzz", "tests", "benches"})


def sources() -> Iterator[Path]:
    """Yield every file that the built module depends on, in a stable order."""
    yield from (path for name in ("Cargo.toml", "Cargo.lock") if (path := ROOT / name).exists())
    for path in sorted((ROOT / "crates").rglob("*")):
        inside = path.relative_to(ROOT / "crates").parts
        if path.is_file() and not IGNORED.intersection(inside):
            yield path


def digest() -> str:
    """Return the digest of the sources, of the build's settings and of the interpreter."""
    state = hashlib.sha256(sys.version.encode())
    state.update(_package_settings().encode())
    for name in sorted(os.environ):
        if name.startswith(("CARGO_PROFILE_", "MATURIN_PEP517_ARGS")):
            state.update(f"{name}={os.environ[name]}".encode() + b"\0")
    for path in sources():
        state.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return state.hexdigest()


def _package_settings() -> str:
    # Everything above the sections of the checking tools affects the build.
    return (ROOT / "pyproject.toml").read_text().partition("[tool.ruff]")[0]


def is_fresh() -> bool:
    """Return whether the installed module was built from the current sources."""
    return STAMP.exists() and STAMP.read_text() == digest()


def main() -> int:
    """Build and install after changes; print one line."""
    current = digest()
    if is_fresh():
        return 0
    print("Building the Rust module (release mode)", flush=True)
    STAMP.unlink(missing_ok=True)
    # The build backend finds maturin on PATH; cargo must use this interpreter.
    path = f"{Path(sys.prefix) / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
    ]
    built = subprocess.run(
        [*command, "--editable", str(ROOT)], env={**os.environ, "PATH": path}, check=False
    )
    if built.returncode == 0:
        STAMP.parent.mkdir(exist_ok=True)
        STAMP.write_text(current)
    return built.returncode


if __name__ == "__main__":
    sys.exit(main())
