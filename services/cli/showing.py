"""Shows events of the log: one, those of a task, or the last ones and what comes."""

import sys

import msgspec

from events.codec import UnreadableEvent, body_hash, decode
from events.exports import ExportedEvent, plain_line, time_text
from events.ids import is_task_id
from events.subjects import TASK_TYPE
from events.task import Task, evolve
from services.adapters.jetstream_archive import JetStreamArchive
from services.cli.errors import CommandFailed
from services.cli.event_lines import log_line, printable


async def show_position(archive: JetStreamArchive, position: int, *, as_json: bool) -> None:
    """One event, whole.

    Raises:
        CommandFailed: the log does not reach that far.
        LogError: the log is away.
    """
    extent = await archive.extent()
    if not 1 <= position <= extent.head:
        raise CommandFailed(f"there is no position {position}; the log reaches to {extent.head}")
    async for batch in archive.read(after=position - 1, until=position):
        for event in batch:
            if as_json:
                show(event, as_json=True)
            else:
                _show_whole(event)


async def show_task(archive: JetStreamArchive, task_id: str, *, as_json: bool) -> None:
    """The events of a task, and the state that they add up to.

    Raises:
        CommandFailed: there is no such task.
        LogError: the log is away.
    """
    if not is_task_id(task_id):
        raise CommandFailed(f"{task_id!r} is neither a position nor the id of a task")
    head = (await archive.extent()).head
    task: Task | None = None
    count = 0
    subject = f"tasks.{TASK_TYPE}.*.{task_id}.*"
    async for batch in archive.read(after=0, until=head, subjects=[subject]):
        for event in batch:
            count += 1
            show(event, as_json=as_json)
            try:
                task = evolve(task, decode(event.stored))
            except UnreadableEvent:
                continue
    if not count:
        raise CommandFailed(f"the log has no task {task_id}")
    if task is not None and not as_json:
        sys.stdout.write(f"{task_id} is {task.status}; its user key is {task.user_key}\n")


async def tail(
    archive: JetStreamArchive, *, first: int | None, count: int, follows: bool, as_json: bool
) -> None:
    """The last `count` events, or those from position `first` on, and with `follows` what comes.

    Raises:
        LogError: the log is away.
    """
    head = (await archive.extent()).head
    begin = max(1, head - count + 1) if first is None else first
    async for batch in archive.read(after=begin - 1, until=None if follows else head):
        for event in batch:
            show(event, as_json=as_json)
        sys.stdout.flush()


def show(event: ExportedEvent, *, as_json: bool) -> None:
    """One line for an event; as JSON, as it stands in an export, but without a seal."""
    if as_json:
        sys.stdout.buffer.write(plain_line(event))
    else:
        sys.stdout.write(f"{log_line(event)}\n")


def _show_whole(event: ExportedEvent) -> None:
    stored = event.stored
    try:
        text = msgspec.json.format(stored.body, indent=2).decode()
    except ValueError:
        text = repr(stored.body)
    lines = [
        log_line(event),
        f"subject  {stored.subject}",
        f"stored   {time_text(event.stored_at_ns)}",
        f"hash     {body_hash(stored.body)}",
        *text.split("\n"),
    ]
    sys.stdout.write("".join(f"{printable(line)}\n" for line in lines))
