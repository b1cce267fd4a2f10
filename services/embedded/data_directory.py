"""One stack at a time on a data directory, and only on one that can be written."""

import asyncio
import contextlib
import errno
import fcntl
import os
import shutil
import time
from pathlib import Path
from typing import Final, Self

from services.embedded.errors import DataDirectoryInUse, DataDirectoryUnusable
from services.embedded.private_files import FILE_MODE, make_private_directory

FREE_BYTES_MIN: Final = 512 * 1024 * 1024
# Longer than the servers take to end after their stack was killed.
LEFTOVERS_S: Final = 15.0
_POLL_S: Final = 0.05
_LOCK: Final = "lock"
_MARKS: Final = (_LOCK, "credentials.json")
_BUSY: Final = frozenset({errno.EAGAIN, errno.EACCES})


class DataDirectoryLock:
    """Holds a data directory for one stack.

    The servers inherit the descriptor: after our process was killed the directory stays locked
    until the last of them has ended.
    """

    def __init__(self, *, descriptor: int) -> None:
        """Take over a locked descriptor; callers use `acquire`."""
        self.descriptor = descriptor

    @classmethod
    async def acquire(cls, data: Path) -> Self:
        """Lock the directory; wait for servers whose stack was killed, but not for a live stack.

        Raises:
            DataDirectoryInUse: another stack has it.
            OSError: the lock file cannot be written.
        """
        descriptor = os.open(data / _LOCK, os.O_RDWR | os.O_CREAT, FILE_MODE)
        try:
            await _lock(descriptor, data=data)
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        except BaseException:
            os.close(descriptor)
            raise
        return cls(descriptor=descriptor)

    def release(self) -> None:
        """Let go of the directory; does nothing the second time."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


def prepare(data: Path) -> Path:
    """Make the directory, for its owner only, and return its absolute path.

    Raises:
        DataDirectoryUnusable: it holds other things than a stack's, or too little space is left.
        OSError: it cannot be made.
    """
    require_ours(data)
    make_private_directory(data)
    require_space(data)
    return data.absolute()


def require_ours(data: Path) -> None:
    """Refuse a directory that somebody uses for something else: it would be closed to others.

    Raises:
        DataDirectoryUnusable: it is not empty, and no stack has ever run on it.
    """
    if not data.is_dir() or any((data / mark).exists() for mark in _MARKS):
        return
    if any(data.iterdir()):
        raise DataDirectoryUnusable(path=data, reason="it holds other things; name an empty one")


def require_space(data: Path, *, free_bytes_min: int = FREE_BYTES_MIN) -> None:
    """Refuse a disk that is nearly full: servers would fail on it later and less clearly.

    Raises:
        DataDirectoryUnusable: too little space is left.
    """
    free = shutil.disk_usage(data).free
    if free < free_bytes_min:
        needed, left = free_bytes_min // 2**20, free // 2**20
        reason = f"{left} MB free, at least {needed} MB are needed"
        raise DataDirectoryUnusable(path=data, reason=reason)


async def _lock(descriptor: int, *, data: Path) -> None:
    deadline = time.monotonic() + LEFTOVERS_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in _BUSY:
                raise
            owner = _owner(descriptor)
            if time.monotonic() >= deadline or (owner is not None and _is_alive(owner)):
                raise DataDirectoryInUse(path=data, pid=owner) from error
        else:
            return
        await asyncio.sleep(_POLL_S)


def _owner(descriptor: int) -> int | None:
    with contextlib.suppress(ValueError):
        return int(os.pread(descriptor, 32, 0))
    return None


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
