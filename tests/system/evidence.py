"""What happened, from the log and from MongoDB: never from the memory of a process of ours."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, Final

import msgspec

from events.codec import decode
from events.task import (
    RecordedEvent,
    Task,
    TaskCancelled,
    TaskCompleted,
    TaskFailed,
    TaskRequested,
    fold,
)
from projections.mongo import open_views
from projections.task_views import document_of
from services.adapters.jetstream import JetStreamConnection
from services.adapters.jetstream_log import JetStreamLog
from services.embedded.mongod import DATABASE
from tests.system.running import Service
from tests.system.waiting import eventually

CATCH_UP_BOUND_S: Final = 40.0
TERMINAL: Final = (TaskCompleted, TaskFailed, TaskCancelled)

History = Mapping[str, Sequence[RecordedEvent]]


async def read_histories(service: Service) -> History:
    """The whole log, by task: each task's events in their order."""
    connection = await JetStreamConnection.open(service.log_settings(), name="evidence")
    histories: dict[str, list[RecordedEvent]] = {}
    try:
        log = JetStreamLog(connection)
        position, head = 0, await log.head()
        batches = log.follow(after=0)
        while position < head:
            for stored in await anext(batches):
                recorded = decode(stored)
                histories.setdefault(recorded.task_id, []).append(recorded)
                position = recorded.position
        if isinstance(batches, AsyncGenerator):
            await batches.aclose()
    finally:
        await connection.close()
    return histories


async def read_views(service: Service) -> Mapping[str, Mapping[str, Any]]:
    """Every document of the task views, by task."""
    store = await open_views(url=service.ready.mongo, database=DATABASE)
    try:
        found = await store._views.find({}).to_list(None)
    finally:
        await store.close()
    return {document["_id"]: document for document in found}


def state_of(history: Sequence[RecordedEvent]) -> Task:
    """What a task's events add up to."""
    task = fold(list(history))
    assert task is not None
    return task


def requests_of(histories: History, user: str) -> list[str]:
    """The tasks that a user has requested, in the order of the log."""
    return [
        task_id
        for task_id, (first, *_) in histories.items()
        if isinstance(first.event.data, TaskRequested) and first.event.data.user_id == user
    ]


def endings(history: Sequence[RecordedEvent]) -> list[str]:
    """The terminal events of a task, by name."""
    return [
        type(recorded.event.data).__name__
        for recorded in history
        if isinstance(recorded.event.data, TERMINAL)
    ]


async def settled(service: Service) -> History:
    """The log, once every task in it has ended, exactly once each."""
    histories: History = {}

    async def is_settled() -> bool:
        nonlocal histories
        histories = await read_histories(service)
        return all(endings(history) for history in histories.values())

    await eventually(is_settled, bound_s=CATCH_UP_BOUND_S, what="every task has ended")
    assert all(len(endings(history)) == 1 for history in histories.values())
    return histories


async def assert_views_equal(service: Service, histories: History) -> None:
    """The views are, or soon will be, the fold of the log, document for document."""
    expected = {task_id: _document_of(history) for task_id, history in histories.items()}
    views: Mapping[str, Mapping[str, Any]] = {}

    async def are_equal() -> bool:
        nonlocal views
        views = await read_views(service)
        return views == expected

    try:
        await eventually(are_equal, bound_s=CATCH_UP_BOUND_S, what="the views have caught up")
    except AssertionError:
        tasks = sorted(expected.keys() | views.keys())
        wrong = [task_id for task_id in tasks if expected.get(task_id) != views.get(task_id)]
        assert not wrong, f"{len(wrong)} views differ from the log, among them {wrong[:3]}"
        raise


def _document_of(history: Sequence[RecordedEvent]) -> dict[str, Any]:
    """The document that a history must have led to, as the database gives it back."""
    document = document_of(state_of(history))
    # BSON knows one kind of sequence, as JSON does.
    return msgspec.json.decode(msgspec.json.encode(document), type=dict[str, Any])
