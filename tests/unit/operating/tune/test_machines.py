"""Twelve machines, with the sizes of pgtune for the same machine.

pgtune (profile "web", its default of 200 connections) has the same cache and the same share of it.
Its sorts are smaller: it divides by all connections that the server allows and by all workers, and
by 3; ours by the connections of the application, by ``hash_mem_multiplier`` and by 1.5. Its VACUUM
may take 2 GB too. The sorts of the smallest machine are those with which the worst case fits.
"""

import pytest

from fraiseql.operating.tune.proposals import propose
from fraiseql.sizing.sizes import GB, setting_text, whole
from tests.unit.operating.tune.synthetic import NO_SYMPTOMS, SPILLS, facts_of

# Gigabytes, processors, connections; then shared_buffers, work_mem, maintenance_work_mem,
# effective_cache_size, parallel workers of a query; then work_mem of pgtune.
MACHINES = (
    (1, 1, 19, "256MB", "5MB", "64MB", "768MB", "0", "1MB"),
    (2, 1, 19, "512MB", "13MB", "128MB", "1536MB", "0", "2MB"),
    (4, 2, 19, "1GB", "26MB", "256MB", "3GB", "0", "4MB"),
    (8, 2, 19, "2GB", "53MB", "512MB", "6GB", "0", "9MB"),
    (8, 4, 33, "2GB", "31MB", "512MB", "6GB", "1", "9MB"),
    (16, 4, 32, "4GB", "64MB", "1GB", "12GB", "1", "19MB"),
    (16, 8, 61, "4GB", "33MB", "1GB", "12GB", "2", "19MB"),
    (32, 8, 61, "8GB", "67MB", "2GB", "24GB", "2", "39MB"),
    (64, 16, 61, "16GB", "134MB", "2GB", "48GB", "2", "78MB"),
    (128, 32, 117, "32GB", "140MB", "2GB", "96GB", "2", "157MB"),
    (256, 64, 117, "64GB", "256MB", "2GB", "192GB", "2", "315MB"),
    (512, 64, 229, "128GB", "256MB", "2GB", "384GB", "2", "630MB"),
)


def pgtune_work_mem(memory: int) -> int:
    """The formula of pgtune for PostgreSQL 18 with 8 worker processes."""
    return whole((memory - memory // 4) // ((200 + 8) * 3))


@pytest.mark.parametrize("machine", MACHINES, ids=lambda row: f"{row[0]}GB-{row[1]}-{row[2]}")
def test_a_machine_has_these_sizes(
    machine: tuple[int, int, int, str, str, str, str, str, str],
) -> None:
    memory, cpus, connections, *sizes, peer = machine
    inputs = facts_of(
        memory * GB, cpus, connections=connections, statistics=NO_SYMPTOMS | SPILLS, altered={}
    )
    tuning = propose(inputs)
    present = {name: setting.text(setting.value) for name, setting in inputs.settings.items()}
    new = {each.name: each.new_text for each in (*tuning.proposals, *tuning.candidates)}
    after = present | new
    names = ("shared_buffers", "work_mem", "maintenance_work_mem", "effective_cache_size")
    assert [after[name] for name in (*names, "max_parallel_workers_per_gather")] == sizes
    assert tuning.worst.fits
    assert setting_text(pgtune_work_mem(memory * GB)) == peer
