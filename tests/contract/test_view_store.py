"""What every view store promises, held against memory and a real MongoDB."""

import asyncio
import time
from contextlib import suppress
from typing import Any, Final, Protocol

import pytest
from pymongo import AsyncMongoClient, uri_parser
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    ExecutionTimeout,
    InvalidOperation,
    OperationFailure,
    PyMongoError,
    WTimeoutError,
)

from events.task import Status, Task, fold
from projections.indexes import ViewsMismatch, declared_indexes
from projections.memory import MemoryViewStore
from projections.mongo import TASK_VIEWS, MongoViewStore, apply_indexes, open_views
from projections.store import Checkpoint, ViewStore, ViewsUnavailable
from tests import controls

BOUND_S: Final = 1.0
# A bound is kept on a busy machine too, but the machine may be late to say so.
LATE_S: Final = 2.0
CUT_BYTES: Final = 65_536

HISTORY: Final = controls.history(controls.processing(), controls.completed())
ANOTHER: Final = controls.request(2, user=2)


def view(version: int = 3) -> Task:
    """The view of the first task after its first `version` events."""
    task = fold(HISTORY[:version])
    assert task is not None
    return task


def other_view() -> Task:
    """The view of another user's task."""
    scribe = controls.Scribe()
    _ = scribe.request(ANOTHER, user=2)
    return scribe.tasks[ANOTHER.task_id]


def checkpoint(position: int) -> Checkpoint:
    """A checkpoint that differs from every other in all its fields."""
    return Checkpoint(position=position, event_id=f"event-{position}", hash=f"{position:064x}")


class TestViews:
    """Writing, loading and finding views."""

    async def test_are_read_as_they_were_written(self, store: ViewStore) -> None:
        """A view survives the store, by id and by owner."""
        await store.write([view(), other_view()])

        loaded = await store.load([view().task_id, other_view().task_id])

        assert loaded == {view().task_id: view(), other_view().task_id: other_view()}
        assert await store.find(user_key=controls.user_key(), task_id=view().task_id) == view()

    @pytest.mark.parametrize(
        "text",
        ["$position", "$$ROOT", "a.b.$c", "{'$literal': 1}", "brün \U0001f3a8 \u202e logo", "a\0b"],
    )
    async def test_keep_the_words_of_users_and_engines(self, store: ViewStore, text: str) -> None:
        """Text that means something to a database is text, in values and in keys."""
        plan = {text: [text, 2**70, {"$cond": text}], "": None}
        asked = controls.request(prompt=text)
        task = fold(controls.history(controls.completed(plan=plan), asked=asked))
        assert task is not None

        await store.write([task])

        assert await store.load([task.task_id]) == {task.task_id: task}

    async def test_that_are_not_there_are_left_out(self, store: ViewStore) -> None:
        """Unknown tasks have no view, and asking for none gives none."""
        await store.write([view()])

        loaded = await store.load([view().task_id, other_view().task_id])

        assert set(loaded) == {view().task_id}
        assert await store.load([]) == {}

    async def test_are_found_by_their_owner_only(self, store: ViewStore) -> None:
        """Another user's task is as absent as one that never was."""
        await store.write([view()])

        stranger = await store.find(user_key=controls.user_key(2), task_id=view().task_id)
        nothing = await store.find(user_key=controls.user_key(), task_id=other_view().task_id)

        assert stranger is None
        assert nothing is None

    async def test_are_replaced_whole(self, store: ViewStore) -> None:
        """What the newer state has not is gone from the view."""
        retrying = controls.history(controls.processing(), controls.retrying())
        before = fold(retrying)
        assert before is not None
        removed = controls.history(
            controls.processing(),
            controls.retrying(),
            controls.processing(2),
            controls.completed(2),
            controls.removed(),
        )
        after = fold(removed)
        assert after is not None
        await store.write([before])

        await store.write([after])

        assert await store.load([after.task_id]) == {after.task_id: after}


class TestGuard:
    """A view never moves back."""

    async def test_a_stale_write_changes_nothing(self, store: ViewStore) -> None:
        """An older state never replaces a newer one."""
        await store.write([view(3)])

        await store.write([view(2)])

        assert await store.load([view().task_id]) == {view().task_id: view(3)}

    async def test_a_replay_changes_nothing_and_raises_nothing(self, store: ViewStore) -> None:
        """The same batch again, at once or one after the other, is the same batch once."""
        batch = [view(), other_view()]
        await store.write(batch)

        await store.write(batch)
        _ = await asyncio.gather(*(store.write(batch) for _ in range(4)))

        expected = {task.task_id: task for task in batch}
        assert await store.load([task.task_id for task in batch]) == expected

    async def test_a_stale_view_does_not_hold_up_a_new_one(self, store: ViewStore) -> None:
        """A batch of both writes what is new."""
        await store.write([view(3)])

        await store.write([view(1), other_view()])

        loaded = await store.load([view().task_id, other_view().task_id])
        assert loaded == {view().task_id: view(3), other_view().task_id: other_view()}

    async def test_the_newest_of_one_batch_stays(self, store: ViewStore) -> None:
        """The order inside a batch does not matter."""
        await store.write([view(3), view(1), view(2)])

        assert await store.load([view().task_id]) == {view().task_id: view(3)}

    async def test_writing_nothing_is_nothing(self, store: ViewStore) -> None:
        """An empty batch is accepted."""
        await store.write([])

        assert await store.read_checkpoint() is None


class TestCheckpoint:
    """The checkpoint never moves back."""

    async def test_is_none_before_the_first(self, store: ViewStore) -> None:
        """A new store has seen nothing."""
        assert await store.read_checkpoint() is None

    async def test_moves_forward(self, store: ViewStore) -> None:
        """The last one saved is the one read."""
        await store.save_checkpoint(checkpoint(3))
        await store.save_checkpoint(checkpoint(7))

        assert await store.read_checkpoint() == checkpoint(7)

    async def test_never_moves_back(self, store: ViewStore) -> None:
        """An older checkpoint is accepted and ignored."""
        await store.save_checkpoint(checkpoint(7))

        await store.save_checkpoint(checkpoint(3))

        assert await store.read_checkpoint() == checkpoint(7)


async def test_a_reachable_store_passes_the_check(store: ViewStore) -> None:
    """An empty store is a healthy one."""
    await store.check()


async def test_memory_fails_as_an_outage_does() -> None:
    """The memory store can be switched off and on."""
    store = MemoryViewStore()
    store.is_available = False

    with pytest.raises(ViewsUnavailable):
        await store.check()


class TestIndexes:
    """What provisioning creates is what verification asks for."""

    async def test_are_missing_until_they_are_applied(
        self, mongo: MongoViewStore, mongo_url: str, database: str
    ) -> None:
        """Provisioning creates what verification misses, as often as it is run."""
        before = await mongo.verify_indexes()

        await apply_indexes(url=mongo_url, database=database)
        await apply_indexes(url=mongo_url, database=database)

        assert len(before) == len(declared_indexes()[TASK_VIEWS])
        assert await mongo.verify_indexes() == []

    async def test_of_another_form_are_refused(
        self, mongo: MongoViewStore, mongo_url: str, database: str
    ) -> None:
        """An index that only has the right name is not taken for the right one."""
        declared = declared_indexes()[TASK_VIEWS][0]
        client: AsyncMongoClient[dict[str, Any]]
        async with AsyncMongoClient(mongo_url) as client:
            views: AsyncCollection[dict[str, Any]] = client[database][TASK_VIEWS]
            _ = await views.create_index([("status", 1)], name=declared.name)

        with pytest.raises(ViewsMismatch):
            await apply_indexes(url=mongo_url, database=database)

        assert any(declared.name in line for line in await mongo.verify_indexes())


class Relay:
    """A way to the server that can be blocked: what is sent then arrives nowhere."""

    def __init__(self, *, port: int) -> None:
        self._port = port
        self._open = asyncio.Event()
        self._open.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> int:
        """Listen; the port."""
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def block(self) -> None:
        """Pass nothing on."""
        self._open.clear()

    def unblock(self) -> None:
        """Pass everything on, what waited included."""
        self._open.set()

    async def stop(self) -> None:
        """End all connections."""
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            _ = task.cancel()
        _ = await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        onward_reader, onward_writer = await asyncio.open_connection("127.0.0.1", self._port)
        for source, target in ((reader, onward_writer), (onward_reader, writer)):
            self._tasks.add(asyncio.create_task(self._pass_on(source, target)))

    async def _pass_on(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError):
                while received := await source.read(CUT_BYTES):
                    _ = await self._open.wait()
                    target.write(received)
                    await target.drain()
        finally:
            target.close()


class Call(Protocol):
    """One call of the port."""

    async def __call__(self, store: ViewStore) -> object:
        """Call it."""
        ...


async def _find(store: ViewStore) -> object:
    return await store.find(user_key=controls.user_key(), task_id=view().task_id)


async def _load(store: ViewStore) -> object:
    return await store.load([view().task_id])


async def _write(store: ViewStore) -> object:
    await store.write([view()])
    return None


async def _list(store: ViewStore) -> object:
    return await store.list_tasks(
        user_key=controls.user_key(), statuses=[Status.PENDING], before=None, limit=1
    )


async def _read_checkpoint(store: ViewStore) -> object:
    return await store.read_checkpoint()


async def _save_checkpoint(store: ViewStore) -> object:
    await store.save_checkpoint(checkpoint(1))
    return None


async def _check(store: ViewStore) -> object:
    await store.check()
    return None


CALLS: Final = (_find, _load, _list, _write, _read_checkpoint, _save_checkpoint, _check)


class TestUnavailability:
    """An outage is said in the port's words, and soon."""

    @pytest.mark.parametrize("call", CALLS)
    async def test_nobody_listening_is_said_within_the_bound(self, call: Call) -> None:
        """A wrong port is an outage for every call, and a short one."""
        relay = Relay(port=1)
        port = await relay.start()
        await relay.stop()
        url = f"mongodb://127.0.0.1:{port}/?directConnection=true"
        store = await open_views(url=url, database="nowhere", timeout_s=BOUND_S)
        started = time.monotonic()

        with pytest.raises(ViewsUnavailable):
            _ = await call(store)

        assert time.monotonic() - started < BOUND_S + LATE_S
        await store.close()

    async def test_many_callers_are_all_told_within_the_bound(self) -> None:
        """A crowd does not wait in line for the driver's threads."""
        url = "mongodb://127.0.0.1:1/?directConnection=true"
        store = await open_views(url=url, database="nowhere", timeout_s=BOUND_S)
        started = time.monotonic()

        told = await asyncio.gather(*(_find(store) for _ in range(100)), return_exceptions=True)

        assert {type(error) for error in told} == {ViewsUnavailable}
        assert time.monotonic() - started < BOUND_S + LATE_S
        await store.close()

    async def test_a_server_that_stops_answering_is_one_that_comes_back(
        self, mongo_url: str, database: str
    ) -> None:
        """A call in flight ends within the bound, and later calls succeed again."""
        relay = Relay(port=_port_of(mongo_url))
        port = await relay.start()
        url = f"mongodb://127.0.0.1:{port}/?directConnection=true"
        store = await open_views(url=url, database=database, timeout_s=BOUND_S)
        await store.write([view(2)])
        relay.block()
        started = time.monotonic()

        with pytest.raises(ViewsUnavailable):
            await store.write([view(3)])
        took_s = time.monotonic() - started
        relay.unblock()
        async with asyncio.timeout(10 * BOUND_S):
            await _until_available(store)
        await store.write([view(3)])

        assert took_s < BOUND_S + LATE_S
        assert await store.load([view().task_id]) == {view().task_id: view(3)}
        await store.close()
        await relay.stop()

    async def test_closing_does_not_wait_for_a_server_that_is_silent(
        self, mongo_url: str, database: str
    ) -> None:
        """A process that ends is not held up by its good-bye."""
        relay = Relay(port=_port_of(mongo_url))
        port = await relay.start()
        url = f"mongodb://127.0.0.1:{port}/?directConnection=true"
        store = await open_views(url=url, database=database, timeout_s=BOUND_S)
        await store.write([view()])
        relay.block()
        started = time.monotonic()

        await store.close()

        assert time.monotonic() - started < BOUND_S + LATE_S
        await relay.stop()

    @pytest.mark.parametrize(
        "error",
        [
            AutoReconnect("connection closed"),
            ExecutionTimeout("operation exceeded time limit", code=50),
            WTimeoutError("waiting for replication timed out", code=64),
            OperationFailure("interrupted at shutdown", code=11600),
            BulkWriteError({"writeErrors": [{"code": 11000}, {"code": 10107}]}),
            BulkWriteError({"writeErrors": [], "writeConcernErrors": [{"code": 64}]}),
        ],
    )
    async def test_what_passes_by_itself_is_an_outage(
        self, error: PyMongoError, mongo: MongoViewStore
    ) -> None:
        """The driver's errors that waiting mends are said in the port's words."""
        with pytest.raises(ViewsUnavailable) as caught:
            async with mongo._bounded("write views"):
                raise error

        assert caught.value.__cause__ is error

    @pytest.mark.parametrize(
        "error",
        [
            OperationFailure("an unknown operator", code=168),
            BulkWriteError({"writeErrors": [{"code": 10107}, {"code": 9}]}),
            InvalidOperation("no operations to execute"),
        ],
    )
    async def test_what_does_not_pass_is_no_outage(
        self, error: PyMongoError, mongo: MongoViewStore
    ) -> None:
        """The driver's errors that waiting does not mend stay what they are."""
        with pytest.raises(type(error)) as caught:
            async with mongo._bounded("write views"):
                raise error

        assert caught.value is error

    async def test_users_words_are_not_quoted(self, mongo: MongoViewStore) -> None:
        """The reason for a failed batch, which is logged, holds none of its documents."""
        error = BulkWriteError({"writeErrors": [{"code": 11000, "op": {"u": "private words"}}]})

        with pytest.raises(ViewsUnavailable) as caught:
            async with mongo._bounded("write views"):
                raise error

        assert "private words" not in caught.value.reason
        assert "11000" in caught.value.reason

    async def test_a_refused_password_is_an_outage(self, mongo_url: str) -> None:
        """Until its operator mends it the store is away, and readers go to the log."""
        url = mongo_url.replace("mongodb://", "mongodb://nobody:nothing@")
        store = await open_views(url=url, database="nowhere")

        with pytest.raises(ViewsUnavailable):
            _ = await _find(store)

        await store.close()

    @pytest.mark.parametrize(
        "error",
        [
            OperationFailure("not authorized", code=13),
            OperationFailure("no disk space", code=14031),
            OperationFailure("28: No space left on device", code=8),
        ],
    )
    async def test_what_an_operator_must_mend_is_an_outage(
        self, error: OperationFailure, mongo: MongoViewStore
    ) -> None:
        """A full disk and a user without rights are said in our words."""
        with pytest.raises(ViewsUnavailable):
            async with mongo._bounded("write views"):
                raise error


def _port_of(mongo_url: str) -> int:
    _, port = uri_parser.parse_uri(mongo_url)["nodelist"][0]
    assert isinstance(port, int)
    return port


async def _until_available(store: ViewStore) -> None:
    while True:
        try:
            return await store.check()
        except ViewsUnavailable:
            await asyncio.sleep(0)
