"""The Python interpreter and environment of all applications."""

import hashlib
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.paths import CACHE, ROOT

ENVIRONMENT = CACHE / "venv"
REQUIREMENTS = Path(__file__).parent / "requirements.txt"
PROBE = """
import sys, sysconfig, time
def work():
    counts = {}
    for i in range(200000):
        counts[i % 97] = counts.get(i % 89, 0) + len(str(i))
best = min((lambda t: (work(), time.perf_counter() - t)[1])(time.perf_counter()) for _ in range(7))
print(round(best * 1000, 1), sys.version.split()[0], sysconfig.get_config_var("CONFIG_ARGS"))
"""


def system_python() -> str:
    """Return the interpreter of the measurement.

    ``BENCH_PYTHON`` names it; else the operating system's own, since distributions build with
    profile-guided optimisation; else the running one.
    """
    named = os.environ.get("BENCH_PYTHON") or shutil.which("python3", path=os.defpath)
    if named and _usable(named):
        return named
    return sys.executable


def _usable(python: str) -> bool:
    check = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))"
    return subprocess.run([python, "-c", check], check=False, capture_output=True).returncode == 0


def describe(python: str) -> dict[str, object]:
    """Return version, speed in a fixed pure-Python loop (ms) and build settings of ``python``."""
    output = subprocess.check_output([python, "-c", PROBE], text=True)
    probe, version, arguments = output.strip().split(" ", 2)
    switches = [
        word for word in shlex.split(arguments) if word.startswith(("--enable", "--with-lto"))
    ]
    return {
        "version": version,
        "pure_python_probe_ms": float(probe),
        "switches": switches,
        "optimised": "--enable-optimizations" in switches,
    }


def comparison() -> dict[str, object]:
    """Describe the chosen interpreter and the running one."""
    own = describe(sys.executable)
    return {"measured_with": describe(str(python())), "runner": own}


def python() -> Path:
    """Return the interpreter of the benchmark's environment."""
    return ENVIRONMENT / "bin" / "python"


def ensure() -> None:
    """Make the environment, and install peers and fraiseql as they are now."""
    if not python().exists():
        subprocess.run([system_python(), "-m", "venv", str(ENVIRONMENT)], check=True)
        _pip("install", "--upgrade", "pip")
    _once("requirements", REQUIREMENTS.read_bytes(), "install", "--requirement", str(REQUIREMENTS))
    state = hashlib.sha256()
    for path in _sources():
        state.update(path.read_bytes())
    if (ENVIRONMENT / "fraiseql.stamp").exists():
        before = (ENVIRONMENT / "fraiseql.stamp").read_text()
    else:
        before = ""
    if before != state.hexdigest():
        _install_fraiseql()
        (ENVIRONMENT / "fraiseql.stamp").write_text(state.hexdigest())


def _install_fraiseql() -> None:
    wheels = CACHE / "wheels"
    shutil.rmtree(wheels, ignore_errors=True)
    # Built by the runner's maturin: the wheel is abi3, and the build's cache stays one.
    subprocess.run(
        [sys.executable, "-m", "maturin", "build", "--release", "--quiet", "--out", str(wheels)],
        check=True,
        cwd=ROOT,
        env={**os.environ, "PYO3_PYTHON": sys.executable},
    )
    (wheel,) = wheels.glob("*.whl")
    _pip("install", "--force-reinstall", "--no-deps", str(wheel))


def _once(name: str, content: bytes, *arguments: str) -> None:
    stamp = ENVIRONMENT / f"{name}.stamp"
    digest = hashlib.sha256(content).hexdigest()
    if not stamp.exists() or stamp.read_text() != digest:
        _pip(*arguments)
        stamp.write_text(digest)


def _pip(*arguments: str) -> None:
    command = [str(python()), "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*command, *arguments], check=True)


def _sources() -> Iterator[Path]:
    yield from (ROOT / "pyproject.toml", ROOT / "Cargo.toml")
    for folder, pattern in (("python", "*.py"), ("crates", "*.rs"), ("crates", "Cargo.toml")):
        yield from sorted((ROOT / folder).rglob(pattern))


def versions() -> dict[str, str]:
    """Return the versions of the packages in the environment."""
    command = [str(python()), "-m", "pip", "--disable-pip-version-check", "freeze", "--all"]
    lines = subprocess.check_output(command, text=True).splitlines()
    named = dict(line.split("==") for line in lines if "==" in line)
    return {name: version for name, version in named.items() if name not in {"pip", "setuptools"}}
