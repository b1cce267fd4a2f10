"""Which processes run, as the kernel lists them: so that none can be left behind unseen."""

from pathlib import Path
from typing import Final

import msgspec
import pytest

_PROC: Final = Path("/proc")


class Process(msgspec.Struct, frozen=True, kw_only=True):
    """One process; the time of its start tells it from a later one with the same id."""

    pid: int
    started: int
    command: str


class _Entry(msgspec.Struct, frozen=True, kw_only=True):
    process: Process
    parent: int


def family_of(pid: int) -> frozenset[Process]:
    """A process and all its descendants that run now, keepers and children of children included."""
    entries = _entries()
    family = {entry.process for entry in entries if entry.process.pid == pid}
    while True:
        pids = {process.pid for process in family}
        grown = family | {entry.process for entry in entries if entry.parent in pids}
        if grown == family:
            return frozenset(family)
        family = grown


def still_running(processes: frozenset[Process]) -> frozenset[Process]:
    """Those of the processes that have not ended."""
    return processes & {entry.process for entry in _entries()}


def _entries() -> list[_Entry]:
    if not _PROC.is_dir():
        pytest.skip("processes are counted in /proc, which this system does not have")
    found = (_entry(place) for place in _PROC.iterdir() if place.name.isdigit())
    return [entry for entry in found if entry is not None]


def _entry(place: Path) -> _Entry | None:
    """One process; None for one that has ended, also if nobody has asked how yet."""
    try:
        command = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        # Behind the name, which is in brackets and may hold any: state, parent, ..., start time.
        fields = (place / "stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return None
    if fields[0] in {b"Z", b"X"}:
        return None
    process = Process(pid=int(place.name), started=int(fields[19]), command=command.strip())
    return _Entry(process=process, parent=int(fields[1]))
