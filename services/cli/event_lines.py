"""Events as lines for people: one for each."""

from events.codec import UnreadableEvent, decode, event_name
from events.exports import ExportedEvent, time_text
from events.task import RecordedEvent, TaskCompleted


def history_line(recorded: RecordedEvent) -> str:
    """An event among those of its own task."""
    event = recorded.event
    time = f"{event.time:%H:%M:%S.%f}"[:-3]
    line = f"{recorded.position:4}  {time}  {event.type:30} {event.producer:17} "
    return (line + _summary(recorded)).rstrip()


def log_line(exported: ExportedEvent) -> str:
    """An event among those of all tasks; `time` is its own, as in its history."""
    stored = exported.stored
    try:
        recorded = decode(stored)
    except UnreadableEvent as error:
        taken_at = time_text(exported.stored_at_ns)[:23].replace("T", " ")
        return printable(
            f"{stored.position:6}  {taken_at}  unreadable  {stored.subject}  {error.reason}"
        )
    event = recorded.event
    time = f"{event.time:%Y-%m-%d %H:%M:%S.%f}"[:-3]
    name = event_name(event.type)
    line = f"{stored.position:6}  {time}  {name:10}  {recorded.task_id}  {event.producer:17} "
    return printable((line + _summary(recorded)).rstrip())


def printable(text: str) -> str:
    """The text without what would steer a terminal."""
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)


def _summary(recorded: RecordedEvent) -> str:
    payload = recorded.event.data
    if isinstance(payload, TaskCompleted):
        took = payload.durations_ms
        image = payload.image
        return (
            f"fetch {took.fetch:.0f} ms, refine {took.refine:.0f} ms, store {took.store:.0f} ms; "
            f"{image.width}x{image.height}, {image.bytes // 1024} kB"
        )
    code = getattr(payload, "error_code", None)
    attempt = getattr(payload, "attempt", None)
    told = [] if attempt is None else [f"attempt {attempt}"]
    return ": ".join(told if code is None else [*told, code])
