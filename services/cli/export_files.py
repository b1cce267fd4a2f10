"""Export files: written beside their name until they are whole, read line by line."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, Final, Protocol, Self

import msgspec

from events.exports import (
    LINE_BYTES_MAX,
    Entry,
    ExportWriter,
    Head,
    Manifest,
    NewerFormat,
    UnreadableLine,
    parse_line,
)
from events.inspection import Fault, FaultKind, Inspection
from events.log import StoredEvent
from services.cli.errors import CommandFailed
from services.cli.event_progress import EventProgress

FILE_MODE: Final = 0o600

# What is always so in a file that was cut off.
_UNFINISHED: Final = frozenset({FaultKind.TRUNCATED, FaultKind.MANIFEST})


class Destination(Protocol):
    """Where an export is written to."""

    def write(self, data: bytes) -> object:
        """Write more of it."""
        ...

    def complete(self) -> None:
        """It is whole."""
        ...

    def close(self) -> None:
        """Nothing more will be written."""
        ...


class Resumption(msgspec.Struct, frozen=True):
    """What a file that was cut off has: its head, a writer behind its last line, its last event."""

    head: Head
    writer: ExportWriter
    last: StoredEvent | None
    is_whole: bool


class Stream:
    """An export on standard output."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def write(self, data: bytes) -> object:
        """Write more."""
        return self._stream.write(data)

    def complete(self) -> None:
        """Hand all of it on."""
        self._stream.flush()

    def close(self) -> None:
        """Standard output is not ours to close."""


class PartFile:
    """An export under the name `FILE.part`; it gets its name when it is whole and on disk."""

    def __init__(self, file: IO[bytes], *, part: Path, target: Path) -> None:
        """Take over an open file; callers use `create` or `resume`."""
        self._file = file
        self._part = part
        self._target = target

    @classmethod
    def create(cls, target: Path) -> Self:
        """Begin, readable for its owner only: events carry what users wrote.

        Raises:
            CommandFailed: the file is there, or one that was cut off, or it cannot be written.
        """
        part = part_of(target)
        if target.exists():
            raise CommandFailed(f"{target} is there; an export replaces nothing")
        try:
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
        except FileExistsError as error:
            raise CommandFailed(
                f"{part} is there, of an export that was cut off: "
                f"continue it with --resume {target}, or remove it"
            ) from error
        except OSError as error:
            raise CommandFailed(f"{part} cannot be written: {error.strerror}") from error
        return cls(os.fdopen(descriptor, "wb"), part=part, target=target)

    @classmethod
    def resume(cls, target: Path) -> tuple[Self, Resumption]:
        """Go on with one that was cut off: all its lines are inspected, a torn one is dropped.

        Raises:
            CommandFailed: there is none, or it is not as it was written.
        """
        part = part_of(target)
        if target.exists():
            raise CommandFailed(f"{target} is there: it is whole")
        try:
            file = part.open("r+b")
        except OSError as error:
            raise CommandFailed(f"{part} cannot be continued: {error.strerror}") from error
        try:
            resumption, whole_bytes = _inspected(file, part)
            file.truncate(whole_bytes)
            file.seek(whole_bytes)
        except BaseException:
            file.close()
            raise
        return cls(file, part=part, target=target), resumption

    def write(self, data: bytes) -> object:
        """Write more.

        Raises:
            CommandFailed: the disk is full, or away.
        """
        with self._telling_errors():
            return self._file.write(data)

    def complete(self) -> None:
        """Give it its name, once its bytes are on disk.

        Raises:
            CommandFailed: the disk is full, or away, or somebody else took the name.
        """
        with self._telling_errors():
            self._file.flush()
            os.fsync(self._file.fileno())
        if self._target.exists():
            raise CommandFailed(f"{self._target} is there now; the export is {self._part}")
        self._part.rename(self._target)

    def close(self) -> None:
        """Leave what is there."""
        with self._telling_errors():
            self._file.close()

    @contextmanager
    def _telling_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise CommandFailed(f"{self._part} cannot be written: {error.strerror}") from error


def part_of(target: Path) -> Path:
    """Where an export is until it is whole."""
    return target.with_name(f"{target.name}.part")


def lines_of(stream: IO[bytes]) -> Iterator[tuple[bytes, bool]]:
    """The lines without their ends, and whether they had one; an endless one comes in pieces."""
    while raw := stream.readline(LINE_BYTES_MAX):
        yield raw.removesuffix(b"\n"), raw.endswith(b"\n") or len(raw) == LINE_BYTES_MAX


def entries_of(stream: IO[bytes]) -> Iterator[Entry]:
    """The events of a file that was inspected."""
    for raw, _ in lines_of(stream):
        content = parse_line(raw).content
        if isinstance(content, Entry):
            yield content


def _inspected(file: IO[bytes], part: Path) -> tuple[Resumption, int]:
    """What a cut file has, and how many bytes its whole lines are."""
    inspection = Inspection()
    writer: ExportWriter | None = None
    last: StoredEvent | None = None
    is_whole = False
    whole_bytes = 0
    progress = EventProgress("inspecting", total=part.stat().st_size)
    for raw, has_end in progress.passing(lines_of(file)):
        if not has_end:
            break
        try:
            line = parse_line(raw)
            _require_unharmed(inspection.accept(raw), part)
        except UnreadableLine as error:
            reason = f"{part} has a line that is none, behind byte {whole_bytes}: {error}"
            raise CommandFailed(reason) from error
        except NewerFormat as error:
            raise CommandFailed(f"{part}: {error}") from error
        if isinstance(line.content, Head):
            writer = ExportWriter(line.content)
        elif isinstance(line.content, Entry):
            last = line.content.stored
        is_whole = isinstance(line.content, Manifest)
        if writer is not None:
            writer.take_over(line)
        whole_bytes += len(raw) + 1
    if writer is None or whole_bytes == 0:
        raise CommandFailed(f"{part} does not even have a head: remove it, and begin again")
    _require_unharmed(inspection.finish(), part)
    assert inspection.head is not None
    return Resumption(inspection.head, writer, last, is_whole), whole_bytes


def _require_unharmed(faults: Sequence[Fault], part: Path) -> None:
    for fault in faults:
        if not fault.kind.is_of_history and fault.kind not in _UNFINISHED:
            raise CommandFailed(
                f"{part} is not as it was written: line {fault.line}: {fault.kind}: {fault.reason}"
            )
