"""Build of a PgBouncer that follows prepared statements, from Debian's sources.

Debian 12 has PgBouncer 1.18, and prepared statements work in its transaction mode from 1.21 on. The
sources of the next Debian come from where this machine's packages come from, and apt checks their
signatures. Its own lists are not changed.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = ROOT / ".setup" / "pgbouncer" / "pgbouncer"
NEEDED = (1, 21)
_SUITE = "trixie"
_KEYS = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_LIBRARIES = ("libevent-dev", "libssl-dev", "pkg-config", "make", "gcc", "libc6-dev")


def installed() -> Path | None:
    """Return a PgBouncer that follows prepared statements; None if there is none."""
    own = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    candidates = [PROGRAM, *([Path(own)] if own else [])]
    return next((path for path in candidates if path.exists() and version(path) >= NEEDED), None)


def version(program: Path) -> tuple[int, int]:
    """Return the version of a PgBouncer."""
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    match = re.search(r"PgBouncer (\d+)\.(\d+)", said)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def build() -> None:
    """Build it, unless there is one.

    Raises:
        OSError, CalledProcessError: A step failed.
    """
    if installed() is not None:
        return
    print("Building PgBouncer (Debian's sources)", flush=True)
    with tempfile.TemporaryDirectory(prefix="pgbouncer") as name:
        folder = Path(name)
        _download(folder)
        (archive,) = folder.glob("pgbouncer_*.orig.tar.gz")
        _run(folder, "tar", "xf", archive.name, "--strip-components=1")
        _run(folder, "./configure", "--without-cares")
        _run(folder, "make", f"-j{os.cpu_count()}")
        PROGRAM.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(folder / "pgbouncer", PROGRAM)


def _download(folder: Path) -> None:
    """Get its sources, with lists of packages that are used only here."""
    place = _place_of_packages()
    parts = folder / "parts"
    for each in (parts, folder / "lists" / "partial", folder / "archives" / "partial"):
        each.mkdir(parents=True)
    fields = {"Types": "deb-src", "URIs": place, "Suites": _SUITE, "Components": "main"}
    lines = [f"{key}: {value}" for key, value in (fields | {"Signed-By": str(_KEYS)}).items()]
    (parts / "next.sources").write_text("\n".join((*lines, "")))
    chosen = {
        "Dir::Etc::sourcelist": "/dev/null",
        "Dir::Etc::sourceparts": str(parts),
        "Dir::State::lists": str(folder / "lists"),
        "Dir::Cache": str(folder),
        "APT::Sandbox::User": "root",
    }
    options = [word for pair in chosen.items() for word in ("-o", "=".join(pair))]
    _run(folder, "apt-get", *options, "update", "-qq")
    _run(folder, "apt-get", *options, "source", "-qq", "--download-only", "pgbouncer")


def _place_of_packages() -> str:
    """Return where Debian's packages of this machine come from."""
    words = ["--format", "$(LABEL) $(REPO_URI)", "Created-By: Packages"]
    said = subprocess.run(
        ["apt-get", "indextargets", *words], capture_output=True, text=True, check=True
    )
    places = [line.split()[1] for line in said.stdout.splitlines() if line.startswith("Debian ")]
    if not places:
        raise FileNotFoundError("Debian's packages are not among the sources of apt-get.")
    return places[0]


def install_libraries() -> None:
    """Install the packages that the build needs; only root can.

    Raises:
        OSError, CalledProcessError: A step failed.
    """
    command = ["dpkg-query", "--show", "--showformat=${db:Status-Abbrev}\n", *_LIBRARIES]
    states = subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()
    if states.count("ii") < len(_LIBRARIES):
        quiet = ("-qq", "-y", "--no-install-recommends")
        _run(ROOT, "apt-get", "update", "-qq")
        _run(ROOT, "apt-get", "install", *quiet, *_LIBRARIES)


def _run(folder: Path, *words: str) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(
        words,
        cwd=folder,
        env=environment,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        print(done.stdout[-2_000:], file=sys.stderr)
        done.check_returncode()


if __name__ == "__main__":
    build()
