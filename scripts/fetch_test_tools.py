"""Install of test tools outside Python: node packages, browser, Redis, PgBouncer.

Safe to repeat; a second run does nothing. Missing tools are named: the tests that need them fail.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import build_pgbouncer

TESTS = Path(__file__).parent.parent / "tests"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# Debian's packages run it before they start a service: 101 forbids it.
POLICY = Path("/usr/sbin/policy-rc.d")
FOLDERS = tuple(TESTS / name for name in ("spec", "browser", "clients", "peers"))


def main() -> None:
    """Install the missing tools."""
    for missing in (*_node_packages(), *_browser(), *_redis(), *_pgbouncer()):
        print(f"note: missing, tests that need it will fail: {missing}", file=sys.stderr)


def _node_packages() -> list[str]:
    wanting = [folder for folder in FOLDERS if not _is_installed(folder)]
    npm = shutil.which("npm")
    if wanting and (npm is None or shutil.which("node") is None):
        return ["Node.js 20 or newer with npm (Debian: apt-get install nodejs npm)"]
    for folder in wanting:
        print(f"Installing the node packages of tests/{folder.name}")
        # Without a lock file, the versions in package.json are exact.
        is_locked = (folder / "package-lock.json").is_file()
        command = ("ci",) if is_locked else ("install", "--no-package-lock")
        quiet = ("--no-audit", "--no-fund", "--loglevel=error")
        subprocess.run([npm or "npm", *command, *quiet], check=True, cwd=folder)
    return []


def _is_installed(folder: Path) -> bool:
    if not _is_as_locked(folder):
        return False
    required = json.loads((folder / "package.json").read_text())["dependencies"]
    return all(_version(folder / "node_modules" / name) == required[name] for name in required)


def _is_as_locked(folder: Path) -> bool:
    """Return whether the installed packages are those of the lock file, if there is one."""
    lock = folder / "package-lock.json"
    if not lock.is_file():
        return True
    # npm writes what it installed into a lock file of the same form.
    installed = _packages(folder / "node_modules" / ".package-lock.json")
    locked = _packages(lock)
    wanted = {name for name, package in locked.items() if name and not package.get("optional")}
    return wanted <= installed.keys() and all(
        package.get("integrity") == locked.get(name, {}).get("integrity")
        for name, package in installed.items()
    )


def _packages(lock: Path) -> dict[str, Any]:
    packages: dict[str, Any] = json.loads(lock.read_text())["packages"] if lock.is_file() else {}
    return packages


def _version(package: Path) -> str:
    described = package / "package.json"
    return str(json.loads(described.read_text())["version"]) if described.is_file() else ""


def _browser() -> list[str]:
    if not _has_browser():
        _install("chromium")
    return [] if _has_browser() else ["the browser Chromium (Debian: apt-get install chromium)"]


def _has_browser() -> bool:
    return any(map(shutil.which, BROWSERS))


def _redis() -> list[str]:
    if not shutil.which("redis-server"):
        _install("redis-server")
    path = shutil.which("redis-server")
    return [] if path else ["Redis 6.2 or newer (Debian: apt-get install redis-server)"]


def _pgbouncer() -> list[str]:
    if build_pgbouncer.installed() is None:
        try:
            with _starting_no_service():
                build_pgbouncer.install_libraries()
            build_pgbouncer.build()
        except (OSError, subprocess.CalledProcessError) as error:
            return [f"PgBouncer 1.21 or newer (its build failed: {error})"]
    return []


def _install(package: str) -> None:
    if shutil.which("apt-get") and os.geteuid() == 0:
        print(f"Installing {package}")
        with _starting_no_service():
            _apt_get("update")
            _apt_get("install", "-y", "--no-install-recommends", package)


@contextmanager
def _starting_no_service() -> Iterator[None]:
    """Tests start their own servers: a packaged one is not started when it is installed."""
    if POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink()


def _apt_get(*arguments: str) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = ["apt-get", *arguments]
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)


if __name__ == "__main__":
    main()
