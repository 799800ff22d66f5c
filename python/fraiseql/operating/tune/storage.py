"""Kind of the disks below the data directory, from the server's files."""

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Final, Literal, get_args

from fraiseql.database import Pool
from fraiseql.operating.server_machine import read_server_files

StorageKind = Literal["ssd", "nvme", "hdd", "network"]
STORAGE_KINDS: Final[tuple[StorageKind, ...]] = get_args(StorageKind)

_MOUNTS: Final = "/proc/self/mountinfo"
_NETWORK: Final = frozenset({"nfs", "nfs4", "cifs", "smb3", "ceph", "glusterfs", "fuse.glusterfs"})
_DEVICE: Final = re.compile(r"^DEVNAME=(\S+)$", re.MULTILINE)
_VIRTUAL: Final = re.compile(r"/(?:vd|xvd)[a-z]")
_PARTITION: Final = re.compile(r"(?<=\d)p\d+$|(?<=[a-z])\d+$")


async def server_storage(pool: Pool, directory: str) -> tuple[StorageKind | None, str]:
    """Return the kind of the disk of a directory of the server, and where that comes from.

    None where the kernel does not say, as inside of many containers.

    Raises:
        DatabaseError: The role may not read the files, or the database cannot be reached.
    """
    mounts = (await read_server_files(pool, [_MOUNTS]))[_MOUNTS] or ""
    mount = mount_of(mounts, directory)
    if mount is None:
        return None, ""
    device, filesystem = mount
    if filesystem in _NETWORK:
        return "network", _MOUNTS
    uevent = f"/sys/dev/block/{device}/uevent"
    name = _DEVICE.search((await read_server_files(pool, [uevent]))[uevent] or "")
    if name is None:
        return None, f"file system {filesystem}, whose disk the kernel does not show"
    return kind_of(await read_server_files(pool, list(queue_files(name[1]))))


def mount_of(mounts: str, directory: str) -> tuple[str, str] | None:
    """Return the device number and file system of a directory, from ``mountinfo``."""
    best: tuple[int, str, str] = (-1, "", "")
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        fields, point = before.split(), PurePosixPath(before.split()[4])
        if PurePosixPath(directory).is_relative_to(point):
            best = max(best, (len(point.parts), fields[2], after.split()[0]))
    return None if best[0] < 0 else best[1:]


def queue_files(device: str) -> Iterator[str]:
    """Yield the files that say whether a disk turns: of the device, and of that of a partition."""
    for name in dict.fromkeys((device, _PARTITION.sub("", device))):
        yield f"/sys/block/{name}/queue/rotational"


def kind_of(files: Mapping[str, str | None]) -> tuple[StorageKind | None, str]:
    """Return the kind of a disk from the texts of ``queue_files``."""
    for path, text in files.items():
        if text is not None:
            if text.strip() == "1" and _VIRTUAL.search(path):
                return None, f"{path} of a virtual disk, which says nothing about the real one"
            solid: StorageKind = "nvme" if "/nvme" in path else "ssd"
            return ("hdd" if text.strip() == "1" else solid), path
    return None, ""
