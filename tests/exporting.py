"""Exports for tests: of generated logs, and what may be done to a file."""

from collections.abc import Sequence
from typing import Final

from hypothesis import strategies as st

from events.exports import ExportedEvent, ExportWriter, Head, Selection
from events.inspection import Fault, Inspection
from events.log import StoredEvent
from events.task import TaskEvent
from tests import controls
from tests.strategies import lives

CREATED: Final = "2026-03-14T09:26:53.589793123Z"
STORED_AT_NS: Final = 1_773_480_413_589_793_123


@st.composite
def logs(draw: st.DrawFn, *, tasks_max: int = 3, is_over: bool = False) -> list[StoredEvent]:
    """A log with the lives of some tasks, as they may interleave."""
    rest: dict[int, list[TaskEvent]] = {}
    scribe = controls.Scribe()
    for number in range(1, draw(st.integers(1, tasks_max)) + 1):
        rest[number] = list(draw(lives(is_over=is_over)))
        _ = scribe.request(controls.request(number, user=number), user=number)
    while waiting := [number for number, changes in rest.items() if changes]:
        number = draw(st.sampled_from(waiting))
        _ = scribe.append(rest[number].pop(0), task=number)
    return scribe.stored


def exported(stored: StoredEvent) -> ExportedEvent:
    """An event with a time of its own."""
    return ExportedEvent(stored=stored, stored_at_ns=STORED_AT_NS + stored.position)


def export_of(log: Sequence[StoredEvent], selection: Selection | None = None) -> list[bytes]:
    """The lines of an export, without their ends."""
    chosen = Selection(first=1, last=len(log)) if selection is None else selection
    writer = ExportWriter(Head(created=CREATED, selection=chosen))
    lines = [writer.begin()]
    within = [stored for stored in log if chosen.first <= stored.position <= chosen.last]
    wanted = [stored for stored in within if chosen.admits(stored.subject)]
    lines.extend(writer.add(exported(stored)) for stored in wanted)
    lines.append(writer.end())
    return [line.removesuffix(b"\n") for line in lines]


def inspect(lines: Sequence[bytes], *, cut: bytes = b"") -> tuple[list[Fault], Inspection]:
    """What is found in a file with these lines, the last of them perhaps without its end."""
    inspection = Inspection()
    faults: list[Fault] = []
    for line in lines:
        faults.extend(inspection.accept(line))
    faults.extend(inspection.finish(cut=cut))
    return faults, inspection
