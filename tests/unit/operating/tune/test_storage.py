"""Kind of a disk, from the files of the kernel."""

import pytest

from fraiseql.operating.tune.storage import kind_of, mount_of, queue_files

MOUNTS = """\
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 259:1 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p1 rw
30 27 8:17 / /var/lib rw,relatime - xfs /dev/sdb1 rw
31 27 0:44 / /mnt/shared rw - nfs4 host:/x rw
"""


@pytest.mark.parametrize(
    ("directory", "device"),
    [
        ("/var/lib/postgresql", ("8:17", "xfs")),
        ("/var/library", ("259:1", "ext4")),
        ("/mnt/shared/data", ("0:44", "nfs4")),
    ],
)
def test_the_deepest_mount_point_has_the_disk(directory: str, device: tuple[str, str]) -> None:
    assert mount_of(MOUNTS, directory) == device


@pytest.mark.parametrize(("partition", "disk"), [("nvme0n1p1", "nvme0n1"), ("sdb1", "sdb")])
def test_a_partition_has_the_kind_of_its_disk(partition: str, disk: str) -> None:
    assert list(queue_files(partition)) == [
        f"/sys/block/{partition}/queue/rotational",
        f"/sys/block/{disk}/queue/rotational",
    ]


def test_disks_that_turn_are_hard_disks() -> None:
    assert (
        kind_of(
            {"/sys/block/sda1/queue/rotational": None, "/sys/block/sda/queue/rotational": "1\n"}
        )[0]
        == "hdd"
    )
    assert kind_of({"/sys/block/nvme0n1/queue/rotational": "0\n"})[0] == "nvme"
    assert kind_of({"/sys/block/vda/queue/rotational": "0\n"})[0] == "ssd"
    assert kind_of({"/sys/block/vda/queue/rotational": "1\n"})[0] is None
    assert kind_of({"/sys/block/vda/queue/rotational": None}) == (None, "")
