"""Writes what was chosen of the log to a file, and goes on with a file that was cut off."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from itertools import dropwhile, takewhile
from typing import Final

import msgspec

from events.exports import ExportedEvent, ExportWriter, Head, Selection
from events.task import Moment
from services.adapters.jetstream_archive import JetStreamArchive, LogExtent
from services.cli.errors import CommandFailed
from services.cli.event_progress import EventProgress
from services.cli.export_files import Destination, Resumption

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line asks for; without `last`, all that there is when the export begins."""

    first: int = 1
    last: int | None = None
    task: str | None = None
    user_key: str | None = None
    events: tuple[str, ...] = ()
    since: Moment | None = None
    until: Moment | None = None

    def selection(self, extent: LogExtent) -> Selection:
        """The same with an end.

        Raises:
            CommandFailed: the log does not reach that far.
        """
        last = extent.head if self.last is None else self.last
        if max(last, self.first - 1) > extent.head:
            raise CommandFailed(f"the log reaches to position {extent.head}")
        return Selection(
            first=self.first,
            last=last,
            task=self.task,
            user_key=self.user_key,
            events=self.events,
            since=self.since,
            until=self.until,
        )


async def export(
    archive: JetStreamArchive, wanted: Wanted, destination: Destination
) -> tuple[ExportWriter, str]:
    """Export what is wanted; returns the writer, which has counted, and what it took.

    Raises:
        CommandFailed: the log does not reach that far.
        LogError: the log is away, or became another one.
    """
    extent = await archive.extent()
    selection = wanted.selection(extent)
    head = Head(created=extent.created, selection=selection)
    writer = ExportWriter(head)
    destination.write(writer.begin())
    return writer, await _fill(archive, selection, writer, destination)


async def resume(
    archive: JetStreamArchive, resumption: Resumption, destination: Destination
) -> tuple[ExportWriter, str]:
    """Go on with an export, if the log is the one that it was made of.

    Raises:
        CommandFailed: it is another one.
        LogError: the log is away, or became another one.
    """
    extent = await archive.extent()
    last, head = resumption.last, resumption.head
    if extent.created != head.created or extent.head < head.selection.last:
        raise CommandFailed(
            f"the export is of a log created at {head.created}, up to {head.selection.last}; "
            f"this one was created at {extent.created} and reaches to {extent.head}"
        )
    if last is not None:
        await archive.require_same(last)
    if resumption.is_whole:
        destination.complete()
        return resumption.writer, "nothing was missing"
    writer = resumption.writer
    return writer, await _fill(archive, head.selection, writer, destination)


async def _fill(
    archive: JetStreamArchive, selection: Selection, writer: ExportWriter, destination: Destination
) -> str:
    """Add what is missing, and the manifest."""
    with EventProgress("exporting", total=selection.last) as progress:
        async for batch in _chosen(archive, selection, after=writer.last):
            destination.write(b"".join(map(writer.add, batch)))
            progress.advance(len(batch), completed=writer.last)
        destination.write(writer.end())
        destination.complete()
        return progress.rate_text()


async def _chosen(
    archive: JetStreamArchive, selection: Selection, *, after: int
) -> AsyncGenerator[Sequence[ExportedEvent], None]:
    """The events of a selection behind a position."""
    since_ns = _nanoseconds(selection.since)
    until_ns = _nanoseconds(selection.until)
    has_begun = since_ns is None or after > 0
    start = max(after, selection.first - 1)
    reading = archive.read(after=start, until=selection.last, subjects=selection.subjects)
    async with aclosing(reading) as batches:
        async for batch in batches:
            # Clocks of servers may step back: what lies between the first and the last is wanted.
            begun = batch if has_begun else _from_first(batch, at_ns=since_ns or 0)
            has_begun = bool(begun)
            chosen = begun if until_ns is None else _before_first(begun, at_ns=until_ns)
            if chosen:
                yield chosen
            if len(chosen) < len(begun):
                return


def _from_first(batch: Sequence[ExportedEvent], *, at_ns: int) -> Sequence[ExportedEvent]:
    """The events from the first one on that was stored at a time or later."""
    return list(dropwhile(lambda event: event.stored_at_ns < at_ns, batch))


def _before_first(batch: Sequence[ExportedEvent], *, at_ns: int) -> Sequence[ExportedEvent]:
    """The events before the first one that was stored at a time or later."""
    return list(takewhile(lambda event: event.stored_at_ns < at_ns, batch))


def _nanoseconds(moment: datetime | None) -> int | None:
    return None if moment is None else (moment - _EPOCH) // _MICROSECOND * 1000
