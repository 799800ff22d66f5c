"""Change of user for PostgreSQL, which refuses to run as root.

A separate program, standard library only: ``python isolation.py PARENT OWNED COMMAND …``.

PostgreSQL must own its data directory and only checks ``geteuid()``. Root has two ways, neither of
which adds a user or changes the mode of a directory of others:

``namespace``  A user namespace that maps uid 65534 inside to root outside. Files stay root's; the
               capabilities end with ``exec``.
``setuid``     Where user namespaces are refused (common container profiles): uid 65534, which gets
               the data directory and CAP_DAC_OVERRIDE, the capability to reach binaries and data
               below directories that only root may enter.

The environment variable FRAISEQL_EMBEDDED_ISOLATION forces one of them; by default ``namespace`` is
tried first. Other users run the command unchanged.
"""

import ctypes
import errno
import json
import os
import signal
import sys
from pathlib import Path

NOBODY = 65534
REFUSED = 97

_CLONE_NEWUSER = 0x10000000
_PR_SET_PDEATHSIG = 1
_PR_SET_KEEPCAPS = 8
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CAP_DAC_OVERRIDE = 1
_CAPABILITY_VERSION_3 = 0x20080522


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _checked(result: int, call: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}")


def enter_namespace() -> None:
    """Map NOBODY inside a new user namespace to the user outside.

    Raises:
        OSError: The kernel or a security profile refuses it.
    """
    uid, gid = os.geteuid(), os.getegid()
    _checked(_libc().unshare(_CLONE_NEWUSER), "unshare")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{NOBODY} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{NOBODY} {gid} 1")


def namespace_works() -> bool:
    """Return whether a child could enter a namespace; leaving a partial one is impossible."""
    child = os.fork()
    if child == 0:
        try:
            enter_namespace()
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0


def become_nobody() -> None:
    """Change to NOBODY and keep CAP_DAC_OVERRIDE across ``exec``.

    Raises:
        OSError: The process may not change its user.
    """
    libc = _libc()
    _checked(libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0), "keep capabilities")
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    bit = 1 << _CAP_DAC_OVERRIDE
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)
    _checked(libc.capset(header, sets), "capset")
    raised = libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_OVERRIDE, 0, 0)
    _checked(raised, "ambient capability")


def die_with(parent: int) -> None:
    """Have the kernel send SIGINT (fast shutdown) when ``parent`` ends, also by kill -9."""
    if sys.platform != "linux":
        return
    _checked(_libc().prctl(_PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0), "parent death signal")
    if os.getppid() != parent:
        sys.exit(REFUSED)


def own(path: Path, uid: int, gid: int) -> None:
    """Change the owner of ``path`` and all below it to ``uid``, unless it owns ``path``."""
    if not path.exists() or path.lstat().st_uid == uid:
        return
    for directory, _, files in os.walk(path):
        for name in files:
            os.lchown(os.path.join(directory, name), uid, gid)  # noqa: PTH118 - preserves the bytes of a name
        os.lchown(directory, uid, gid)


def isolate(owned: list[Path], method: str) -> None:
    """Leave uid 0 by a method: ``namespace``, ``setuid`` or empty for either.

    Raises:
        OSError: No method is allowed here.
    """
    if os.geteuid() != 0:
        return
    if sys.platform != "linux":
        raise OSError(
            errno.ENOSYS, "running as root is supported on Linux only; run as an ordinary user"
        )
    if method == "namespace" or (method != "setuid" and namespace_works()):
        for path in owned:
            own(path, 0, os.getegid())
        enter_namespace()
        return
    for path in owned:
        own(path, NOBODY, NOBODY)
    become_nobody()


def _advice() -> str:
    if os.geteuid() != 0:
        return ""
    return (
        " PostgreSQL does not run as root. Where root may neither make a user namespace nor change"
        " its uid, run as an ordinary user, or use the address of another server."
    )


def main(parent: int, owned: list[Path], command: list[str]) -> None:
    """Isolate this process and replace it with ``command``."""
    try:
        isolate(owned, os.environ.get("FRAISEQL_EMBEDDED_ISOLATION", ""))
        # After the change of user: the kernel forgets the signal when credentials change.
        die_with(parent)
        os.execv(command[0], command)  # noqa: S606 - without a shell
    except OSError as error:
        sys.stderr.write(f"FATAL: cannot run {command[0]}: {error}.{_advice()}\n")
        sys.exit(REFUSED)


if __name__ == "__main__":
    main(int(sys.argv[1]), [Path(text) for text in json.loads(sys.argv[2])], sys.argv[3:])
