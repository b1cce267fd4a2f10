"""`refinery storage`: is the bucket what the log says, and what in it is nobody's."""

import os
from datetime import timedelta
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Final, Self

import click
import uvloop
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from services.adapters.jetstream import JetStreamConnection
from services.adapters.jetstream_log import JetStreamLog
from services.adapters.s3 import S3ObjectStore
from services.adapters.storage import ObjectStore
from services.cli.errors import EXIT_FAILED
from services.cli.stack import find_running
from services.cli.storage_audit import Difference, Orphan, StorageAudit, may_sweep
from services.cli.token import Life
from services.embedded.credentials import load_or_create
from services.runtime.clock import SystemClock
from services.runtime.environment import load
from services.runtime.settings import NatsSettings, S3Settings, Secret, StorageSettings

REDRAWN_EVERY_S: Final = 0.1


@click.group()
def storage() -> None:
    """Compare the bucket with the log."""


@storage.command()
@click.option("--sweep", is_flag=True, help="Remove old objects of attempts that lost their task.")
@click.option(
    "--older-than",
    type=Life(),
    default="24h",
    show_default=True,
    help="With --sweep: the age from which an object is old.",
)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="Data directory of a running embedded stack, instead of settings.",
)
def verify(data: Path | None, older_than: timedelta, *, sweep: bool) -> None:
    """Read every result that the log names, and look for objects that it does not.

    A result must be there with the size and the SHA-256 of its event. Prints each difference and
    each orphan; fails if there is a difference. Only reads, unless --sweep is given.
    """
    settings = load(StorageSettings, os.environ) if data is None else _embedded(data)
    differences = uvloop.run(_verify(settings, older_than if sweep else None))
    if differences:
        raise click.exceptions.Exit(EXIT_FAILED)


async def _verify(settings: StorageSettings, sweep_older_than: timedelta | None) -> int:
    connection = await JetStreamConnection.open(settings.nats, name="storage")
    try:
        store = await S3ObjectStore.open(settings.s3)
        try:
            audit = StorageAudit(log=JetStreamLog(connection), store=store)
            head = await JetStreamLog(connection).head()
            return await report(audit, store, head=head, sweep_older_than=sweep_older_than)
        finally:
            await store.close()
    finally:
        await connection.close()


async def report(
    audit: StorageAudit, store: ObjectStore, *, head: int, sweep_older_than: timedelta | None
) -> int:
    """Verify, tell, sweep if an age is given, and return how many differences there are."""
    now = SystemClock().now()
    counts: dict[str, int] = {"differ": 0, "orphans": 0, "removed": 0}

    with _Bar(Console(), total=head) as bar:

        def differs(difference: Difference) -> None:
            counts["differ"] += 1
            where = f"{difference.task_id}, position {difference.position}"
            bar.print(f"differs: {difference.key}: {difference.reason} ({where})")

        def passed(position: int) -> None:
            bar.move(position, f"{audit.images_count} verified, {counts['differ']} differ")

        async def orphan_found(orphan: Orphan) -> None:
            counts["orphans"] += 1
            found = orphan.listed
            verdict = "orphan"
            if sweep_older_than is not None and may_sweep(
                orphan, now=now, older_than=sweep_older_than
            ):
                await store.delete(found.key)
                counts["removed"] += 1
                verdict = "removed"
            stored = found.modified_at.isoformat(timespec="seconds")
            bar.print(
                f"{verdict}: {found.key}: {orphan.origin}, {found.bytes} bytes, stored {stored}"
            )

        def listed(count: int) -> None:
            bar.move(head, f"{count} listed, {counts['orphans']} orphans")

        await audit.verify(head=head, tell=differs, passed=passed)
        await audit.find_orphans(tell=orphan_found, passed=listed)
        bar.print(
            f"{audit.images_count} pictures verified, {counts['differ']} differ; "
            f"{audit.objects_count} objects listed, {counts['orphans']} orphans, "
            f"{counts['removed']} removed"
        )
    return counts["differ"]


class _Bar:
    """A bar with counts on a terminal; nothing of it elsewhere, where lines stay plain."""

    def __init__(self, console: Console, *, total: int) -> None:
        self._console = console
        self._progress = Progress(
            SpinnerColumn(),
            BarColumn(bar_width=24),
            TextColumn("{task.percentage:>3.0f} %"),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("", total=total)
        self._redrawn_at = 0.0

    def __enter__(self) -> Self:
        """Show it."""
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Take it away."""
        self._progress.stop()

    def move(self, position: int, text: str) -> None:
        """Show how far it is; not at each of a million steps."""
        if monotonic() - self._redrawn_at > REDRAWN_EVERY_S:
            self._redrawn_at = monotonic()
            self._progress.update(self._task, completed=position, description=text)

    def print(self, line: str) -> None:
        """Print a line above it; whoever made a key does not get to steer the terminal."""
        shown = "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in line)
        self._console.out(shown, highlight=False)


def _embedded(data: Path) -> StorageSettings:
    running = find_running(data)
    credentials = load_or_create(data)
    return StorageSettings(
        nats=NatsSettings(
            url=running.nats_url, user="observer", password=Secret(credentials.nats.observer)
        ),
        s3=S3Settings(
            endpoint=running.s3_endpoint,
            bucket=running.s3_bucket,
            access_key=Secret(credentials.s3_access_key),
            secret_key=Secret(credentials.s3_secret_key),
        ),
    )
