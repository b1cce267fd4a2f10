"""Tells what an inspection finds in an export, for people or for programs."""

from collections.abc import Callable, Iterator
from typing import IO

import msgspec

from events.exports import Selection
from events.inspection import Fault, Inspection
from services.cli.event_lines import printable
from services.cli.event_progress import EventProgress
from services.cli.export_files import lines_of

Tell = Callable[[Fault], None]


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What an inspection came to."""

    events: int
    tasks: int
    first: int
    last: int
    faults_in_file: int
    faults_in_history: int
    sha256: str | None
    selection: Selection | None
    tasks_begun_before: int


def check(stream: IO[bytes], tell: Tell, *, bytes_count: int | None) -> Verdict:
    """Inspect an export from beginning to end; each fault is told as soon as it is clear.

    Raises:
        NewerFormat: the export is of a later format.
    """
    inspection = Inspection()
    in_file = in_history = 0
    cut = b""

    def take(fault: Fault) -> None:
        nonlocal in_file, in_history
        in_file += not fault.kind.is_of_history
        in_history += fault.kind.is_of_history
        tell(fault)

    progress = EventProgress("checking", total=bytes_count)
    for raw, has_end in progress.passing(lines_of(stream)):
        if not has_end:
            cut = raw
            break
        for fault in inspection.accept(raw):
            take(fault)
    for fault in inspection.finish(cut=cut):
        take(fault)
    manifest = inspection.manifest
    return Verdict(
        events=inspection.events_count,
        tasks=inspection.lives.tasks_count,
        first=inspection.first,
        last=inspection.last,
        faults_in_file=in_file,
        faults_in_history=in_history,
        sha256=None if manifest is None else manifest.sha256,
        selection=None if inspection.head is None else inspection.head.selection,
        tasks_begun_before=inspection.lives.begun_before_count,
    )


def fault_line(fault: Fault) -> str:
    """A fault for people."""
    where = f"line {fault.line}"
    if fault.position is not None:
        where = f"{where}, position {fault.position}"
    return printable(f"{where}: {fault.kind}: {fault.reason}")


def fault_json(fault: Fault) -> str:
    """A fault for programs."""
    return msgspec.json.encode({"fault": fault}).decode()


def verdict_lines(verdict: Verdict) -> Iterator[str]:
    """The end of a check for people: what there is, what was found, how far it could be looked."""
    faults = verdict.faults_in_file + verdict.faults_in_history
    extent = f", positions {verdict.first} to {verdict.last}" if verdict.events else ""
    found = _counted(faults, "fault") if faults else "every line has its seal, every chain holds"
    of_tasks = _counted(verdict.tasks, "task")
    yield f"{_counted(verdict.events, 'event')} of {of_tasks}{extent}: {found}"
    if verdict.sha256 is not None and not verdict.faults_in_file:
        yield f"SHA-256 {verdict.sha256}"
    selection = verdict.selection
    if selection is None or not selection.is_filtered:
        return
    yield "This is a part of a log; it cannot be replayed."
    if not selection.is_gapless:
        yield "Events are left out between, so gaps between positions are not looked at."
    if selection.events:
        yield "Types of events are left out, so chains are only followed where none is missing."
    elif verdict.tasks_begun_before:
        begun = _counted(verdict.tasks_begun_before, "task")
        yield f"{begun} of these began before it; chains are followed from where it begins."


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
