"""The view of a task: its folded state, how a batch of events changes it, and its stored form."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from events.task import RecordedEvent, Task, TaskRequested, evolve

_PLAN: Final = msgspec.json.Decoder(dict[str, object])


def tasks_to_load(events: Sequence[RecordedEvent]) -> frozenset[str]:
    """The tasks whose stored views are needed to fold these events: those not begun by them.

    A view is always the fold of its task's events up to the view's position. A task that the batch
    begins is therefore folded right without its view. The stored view may even be ahead, if a
    process died between writing views and saving its checkpoint: then the store's guard refuses
    this older state, and the batches that follow, which do not begin the task, load the view and
    skip what it knows already. This relies on the log having one request per task, which
    compare-and-append keeps.
    """
    begins: dict[str, bool] = {}
    for recorded in events:
        begins.setdefault(recorded.task_id, isinstance(recorded.event.data, TaskRequested))
    return frozenset(task_id for task_id, is_begun in begins.items() if not is_begun)


def fold_batch(views: Mapping[str, Task], events: Sequence[RecordedEvent]) -> tuple[Task, ...]:
    """The tasks that events, in the order of the log, change: each once, in its newest state.

    Args:
        views: the stored views of `tasks_to_load(events)`, as far as there are any.
        events: may overlap with what the views have seen; what is not newer changes nothing.
    """
    changed: dict[str, Task] = {}
    for recorded in events:
        before = changed.get(recorded.task_id) or views.get(recorded.task_id)
        after = evolve(before, recorded)
        if after is not None and after is not before:
            changed[recorded.task_id] = after
    return tuple(changed.values())


def document_of(task: Task) -> dict[str, object]:
    """The stored form of a view: its fields, under `_id` instead of `task_id`.

    Times are ISO strings, because a BSON date has no microseconds. An engine's plan is JSON text:
    it is open data, and BSON refuses some of what JSON allows (integers beyond 64 bits, a zero
    byte in a key, deep nesting), so that one odd plan would stop the projection of all tasks.
    """
    fields: dict[str, Any] = msgspec.to_builtins(task)
    match fields:
        case {"result": {"engine": {"plan": dict(plan)} as engine}}:
            engine["plan"] = msgspec.json.encode(plan).decode()
        case _:
            pass
    return {"_id": fields.pop("task_id"), **fields}


def task_of(document: Mapping[str, object]) -> Task:
    """The view in a stored document: `task_of(document_of(task)) == task`."""
    fields: dict[str, Any] = {**document, "task_id": document["_id"]}
    match fields:
        case {"result": {"engine": {"plan": str(plan)} as engine} as result}:
            fields["result"] = {**result, "engine": {**engine, "plan": _PLAN.decode(plan)}}
        case _:
            pass
    return msgspec.convert(fields, Task)
