"""A machine where root may make no user namespace, as under a common container profile.

``python refusing_program.py MAPPED COMMAND …``: run the command as root of a namespace that has the
uids below MAPPED and allows no further namespace.
"""

import ctypes
import os
import sys
from pathlib import Path

CLONE_NEWUSER = 0x10000000


def main() -> None:
    unshared, unsharing = os.pipe()
    mapped, mapping = os.pipe()
    child = os.fork()
    if child == 0:
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWUSER) != 0:
            sys.exit(f"unshare: {os.strerror(ctypes.get_errno())}")
        os.write(unsharing, b"1")
        os.read(mapped, 1)
        Path("/proc/sys/user/max_user_namespaces").write_text("0")
        os.execv(sys.argv[2], sys.argv[2:])
    os.read(unshared, 1)
    for kind in "uid", "gid":
        Path(f"/proc/{child}/{kind}_map").write_text(f"0 0 {sys.argv[1]}")
    os.write(mapping, b"1")
    os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


if __name__ == "__main__":
    main()
