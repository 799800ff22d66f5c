"""Clock of PostgreSQL that can be set: a library in front of ``gettimeofday``."""

import mmap
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>

int gettimeofday(struct timeval *now, void *zone) {
  static int (*whole)(struct timeval *, void *);
  static const volatile long *offset;
  if (!whole) {
    int file = open(getenv("SOAK_CLOCK"), O_RDONLY);
    offset = mmap(0, sizeof(long), PROT_READ, MAP_SHARED, file, 0);
    whole = dlsym(RTLD_NEXT, "gettimeofday");
  }
  int result = whole(now, zone);
  if (offset != MAP_FAILED) now->tv_sec += *offset;
  return result;
}
"""


class SteppedClock:
    """Offset of the clock of all servers that are started with it.

    Args:
        directory: Where the library and the offset are.

    Attributes:
        available: Whether there is a C compiler.
    """

    def __init__(self, directory: Path) -> None:
        self._file, self._library = directory / "clock", directory / "clock.so"
        self._file.write_bytes(bytes(8))
        compiler = shutil.which("cc")
        self.available = compiler is not None
        if compiler is not None:
            source = directory / "clock.c"
            source.write_text(_SOURCE)
            words = [compiler, "-shared", "-fPIC", "-O1", "-o", self._library, source, "-ldl"]
            subprocess.run(words, check=True)

    def set(self, seconds: int) -> None:
        """Set the clock that many seconds ahead of the machine's, or behind it."""
        with self._file.open("r+b") as file, mmap.mmap(file.fileno(), 8) as offset:
            offset[:] = struct.pack("q", seconds)

    @contextmanager
    def inherited(self) -> Iterator[None]:
        """Have processes that are started in the block use it."""
        added = {"LD_PRELOAD": str(self._library), "SOAK_CLOCK": str(self._file)}
        if self.available:
            os.environ.update(added)
        try:
            yield
        finally:
            for name in added:
                os.environ.pop(name, None)
