"""Fetch test tools: what only tests need from outside Python: node packages and a browser.

Safe to repeat; a second run does nothing. Fails with a list of what is missing and how to get it.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parent.parent / "tests"
FOLDERS = (TESTS / "spec", TESTS / "browser")


def main() -> int:
    """Install what is missing; return the exit status."""
    missing = [*_node_packages(), *_browser()]
    for line in missing:
        print(f"missing for the tests: {line}", file=sys.stderr)
    return 1 if missing else 0


def _node_packages() -> list[str]:
    wanting = [folder for folder in FOLDERS if not _is_installed(folder)]
    npm = shutil.which("npm")
    if wanting and (npm is None or shutil.which("node") is None):
        return ["Node.js 20 or newer with npm (Debian: apt-get install nodejs npm)"]
    for folder in wanting:
        print(f"Installing the node packages of tests/{folder.name}")
        # No lock file: it would record addresses. The versions in package.json are exact.
        quiet = ("--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error")
        subprocess.run([npm or "npm", "install", *quiet], check=True, cwd=folder)
    return []


def _is_installed(folder: Path) -> bool:
    wanted = json.loads((folder / "package.json").read_text())["dependencies"]
    return all(_version(folder / "node_modules" / name) == wanted[name] for name in wanted)


def _version(package: Path) -> str:
    described = package / "package.json"
    return str(json.loads(described.read_text())["version"]) if described.is_file() else ""


def _browser() -> list[str]:
    if shutil.which("chromium") is None and shutil.which("apt-get") and os.geteuid() == 0:
        print("Installing chromium")
        _apt_get("update")
        _apt_get("install", "-y", "--no-install-recommends", "chromium")
    if shutil.which("chromium") is None:
        return ["the browser Chromium (Debian: apt-get install chromium)"]
    return []


def _apt_get(*arguments: str) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = ["apt-get", *arguments]
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)


if __name__ == "__main__":
    sys.exit(main())
