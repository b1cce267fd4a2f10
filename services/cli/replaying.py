"""Writes an export back into an empty log: the same bytes at the same positions."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Final

from events.exports import ExportedEvent, NewerFormat
from events.log import LogError, LogUnavailable, StoredEvent
from services.adapters.jetstream_archive import JetStreamArchive, RestoreRefused
from services.cli.checking import Verdict, check, fault_line
from services.cli.errors import CommandFailed
from services.cli.event_progress import EventProgress
from services.cli.export_files import entries_of
from services.runtime.retries import Backoff

IN_FLIGHT: Final = 256
TRIES_MAX: Final = 4
FAULTS_SHOWN_MAX: Final = 20

_BACKOFF: Final = Backoff(base_s=0.2, max_s=5.0)

Tell = Callable[[str], None]


def inspect_before(path: Path, *, tell: Tell, keeps_faults: bool) -> Verdict:
    """Inspect an export that is to be replayed.

    Raises:
        CommandFailed: it must not be.
    """
    shown = 0

    def show(text: str) -> None:
        nonlocal shown
        shown += 1
        if shown <= FAULTS_SHOWN_MAX:
            tell(text)

    with path.open("rb") as stream:
        size = path.stat().st_size
        try:
            verdict = check(stream, lambda fault: show(fault_line(fault)), bytes_count=size)
        except NewerFormat as error:
            raise CommandFailed(str(error)) from error
    if verdict.faults_in_file:
        raise CommandFailed(f"{path} is not as it was written; it is not replayed")
    if verdict.selection is None or verdict.selection.is_filtered:
        raise CommandFailed(f"{path} is a part of a log; only a log from its beginning is replayed")
    if verdict.faults_in_history and not keeps_faults:
        raise CommandFailed(
            f"the log in {path} has faults of its own; with --keep-faults it is replayed as it was"
        )
    return verdict


class Replay:
    """One export on its way into one log; a replay that was interrupted goes on where it was."""

    def __init__(self, archive: JetStreamArchive, path: Path, *, last: int) -> None:
        self._archive = archive
        self._path = path
        self._last = last

    async def run(self, *, resumes: bool, tell: Tell) -> None:
        """Write what the log lacks, then compare all of it with the file.

        Raises:
            CommandFailed: the log is not empty, or not what the file says.
            LogError: the log is away.
        """
        head = (await self._archive.extent()).head
        if head and not resumes:
            raise CommandFailed(
                f"the log has {head} events, and only an empty one is replayed into; "
                "to go on with a replay that was interrupted, add --resume"
            )
        if head > self._last:
            raise CommandFailed(
                f"the log has {head} events, more than the {self._last} of the file"
            )
        if head:
            tell(f"compared what is there: {await self._compare('comparing', until=head)}")
        tell(f"replayed: {await self._write(after=head)}")
        tell(f"verified: {await self._compare('verifying', until=self._last)}")
        head = (await self._archive.extent()).head
        if head != self._last:
            raise CommandFailed(f"somebody else appends: the log reaches to {head} now")

    async def _write(self, *, after: int) -> str:
        with (
            self._events(after=after) as events,
            EventProgress("replaying", total=self._last) as progress,
        ):
            if first := list(islice(events, 1)):
                await self._write_first(first)
                progress.advance(1, completed=first[0].position)
            while batch := list(islice(events, IN_FLIGHT)):
                await self._write_batch(batch)
                progress.advance(len(batch), completed=batch[-1].position)
            return progress.rate_text()

    async def _write_first(self, first: list[StoredEvent]) -> None:
        """Write one event alone: who may not append is told so once, and soon."""
        try:
            await self._archive.restore(first)
        except LogUnavailable as error:
            raise CommandFailed(
                f"the log did not take the event of position {first[0].position}: {error}; "
                "a replay needs the user admin"
            ) from error

    async def _write_batch(self, batch: list[StoredEvent]) -> None:
        """Write a batch, whatever of it got there before an answer was lost."""
        tries = 0
        while batch:
            try:
                await self._archive.restore(batch)
            except (LogUnavailable, RestoreRefused) as error:
                tries += 1
                written = await self._written(batch, error)
                if tries >= TRIES_MAX:
                    raise
                if written == 0:
                    await asyncio.sleep(_BACKOFF.delay_s(tries))
                batch = batch[written:]
            else:
                return

    async def _written(self, batch: list[StoredEvent], error: LogError) -> int:
        """How many events of a batch the log has: its first ones, and nothing else, or it fails."""
        head = (await self._archive.extent()).head
        before = batch[0].position - 1
        if not before <= head <= batch[-1].position:
            raise CommandFailed(f"the log reaches to {head} now: {error}") from error
        async for found in self._archive.read(after=before, until=head):
            _require_equal(found, iter(batch[found[0].stored.position - before - 1 :]))
        return head - before

    async def _compare(self, title: str, *, until: int) -> str:
        """Compare the log with the file, up to a position."""
        with self._events(after=0) as events, EventProgress(title, total=until) as progress:
            async for batch in self._archive.read(after=0, until=until):
                _require_equal(batch, events)
                progress.advance(len(batch), completed=batch[-1].stored.position)
            return progress.rate_text()

    @contextmanager
    def _events(self, *, after: int) -> Iterator[Iterator[StoredEvent]]:
        with self._path.open("rb") as stream:
            stored = (entry.stored for entry in entries_of(stream))
            yield (one for one in stored if one.position > after)


def _require_equal(found: Sequence[ExportedEvent], expected: Iterator[StoredEvent]) -> None:
    """Compare what the log has with as many events of the file."""
    for event in found:
        if event.stored != next(expected, None):
            position = event.stored.position
            raise CommandFailed(f"the log's event at position {position} is not the file's")
