"""Release of a tagged commit: wheel, source archive and smoke test.

`python scripts/release.py` refuses a commit without its tag; `--untagged` builds HEAD as it is. The
files and their checksums are written to `dist`; nothing is uploaded.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from fetch_graphiql import CHECKSUMS
from try_wheel import ROOT, clone, try_wheel

_IN_WHEEL = (
    *(f"fraiseql/http/static/{name}" for name in CHECKSUMS),
    "fraiseql/py.typed",
    "fraiseql_rs/_native.abi3.so",
    "fraiseql_rs/_native.pyi",
)
_BUILD_SDIST = (
    "import sys; sys.path.insert(0, 'scripts'); import build_backend;"
    " print(build_backend.build_sdist(sys.argv[1]))"
)


def main(words: Sequence[str]) -> int:
    """Build a release and try it; return the exit status."""
    parser = argparse.ArgumentParser(prog="scripts/release.py", description=__doc__)
    parser.add_argument("--untagged", action="store_true", help="build HEAD, tagged or not")
    parser.add_argument("--dist", type=Path, default=ROOT / "dist", help="directory of the files")
    arguments = parser.parse_args(words)
    problems = [] if arguments.untagged else list(_problems(_version()))
    with tempfile.TemporaryDirectory(prefix="fraiseql-release-") as folder:
        wheel = None if problems else _build(Path(folder), arguments.dist)
        problems += _faults(wheel) if wheel else ()
        failed = wheel is not None and not problems and try_wheel(wheel, Path(folder))
    for problem in problems:
        print(f"No release: {problem}", file=sys.stderr)
    return int(bool(problems or failed))


def _version() -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return str(project["project"]["version"])


def _problems(version: str) -> Iterator[str]:
    """Yield the reasons why HEAD cannot be released as ``version``."""
    crates = tomllib.loads((ROOT / "Cargo.toml").read_text())
    crate = crates["workspace"]["package"]["version"]
    if crate != version:
        yield f"Cargo.toml has version {crate}, pyproject.toml has {version}. Make them equal."
    if _git("status", "--porcelain"):
        yield "files are changed and not committed. Commit them, or undo the changes."
    if f"v{version}" not in _git("tag", "--points-at", "HEAD").split():
        yield f"HEAD has no tag v{version}. Run: git tag v{version}"
    if not re.search(
        rf"^## {re.escape(version)}\b", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE
    ):
        yield f"CHANGELOG.md has no section {version}. Rename the section Unreleased."


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True, text=True)
    return done.stdout


def _build(folder: Path, dist: Path) -> Path:
    """Build both files from a clean clone into ``dist``; return the wheel."""
    source = clone(folder)
    dist.mkdir(parents=True, exist_ok=True)
    for old in (*dist.glob("fraiseql-*"), dist / "SHA256SUMS"):
        old.unlink(missing_ok=True)
    target = dist.resolve()
    # With zig the wheel runs on an old glibc; without it, on this system's glibc and later.
    zig = shutil.which("zig") is not None
    options = "--zig --compatibility manylinux2014" if zig else "--compatibility pypi"
    cargo = {"CARGO_TARGET_DIR": str(ROOT / "target" / "wheel"), "MATURIN_PEP517_ARGS": options}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, **cargo, "PATH": path}
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet"]
    commands = (
        [sys.executable, "-c", _BUILD_SDIST, str(target)],
        [*pip, "--no-deps", "--wheel-dir", str(target), str(source)],
    )
    for command in commands:
        subprocess.run(command, cwd=source, env=environment, check=True)
    (wheel,) = target.glob("fraiseql-*.whl")
    _write_checksums(target)
    return wheel


def _write_checksums(dist: Path) -> None:
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}"
        for path in sorted(dist.glob("fraiseql-*"))
    ]
    (dist / "SHA256SUMS").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


def _faults(wheel: Path) -> Iterator[str]:
    """Yield the faults of a wheel, and print the systems that can install it."""
    *_, python, abi, platform = wheel.stem.split("-")
    if (python, abi) != ("cp311", "abi3"):
        yield f"{wheel.name} is for {python}-{abi}, not for every Python since 3.11 (cp311-abi3)."
    glibc = re.search(r"manylinux_(\d+)_(\d+)", platform)
    if glibc:
        print(f"{wheel.name} needs glibc {glibc[1]}.{glibc[2]} or later.")
    elif platform.startswith("linux"):
        print(
            f"{wheel.name} is not a manylinux wheel: PyPI refuses it, and it may need this glibc."
        )
    with zipfile.ZipFile(wheel) as archive:
        missing = sorted(set(_IN_WHEEL) - set(archive.namelist()))
    if missing:
        yield f"{wheel.name} has no {', '.join(missing)}."


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
