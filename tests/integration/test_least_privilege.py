"""The users of the log: each can do its work, and none can do another's by a reply subject."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from nats.aio.client import Client

from events.codec import decode
from events.log import Delivery
from events.progress import progress_subject
from events.subjects import EVENT_NAMES
from events.task import (
    Durations,
    EngineRun,
    OriginalImage,
    RecordedEvent,
    StoredImage,
    TaskCompleted,
    TaskEvent,
    TaskProcessing,
    fold,
    next_event,
)
from services.adapters.jetstream import JetStreamConnection, JetStreamQueue
from services.adapters.jetstream_log import JetStreamLog
from services.embedded.nats_server import permission_table
from tests import controls
from tests.desks import new_desk, requested_event, stamp
from tests.own_log import OwnLog, client_of, own_log, push_config, signed_in
from tests.servers import Servers

BOUND_S: Final = 20.0
WATCHED_S: Final = 0.5
HEARTBEAT_NS: Final = 100_000_000
TABLE: Final = {row.user: row for row in permission_table().users}
USERS: Final = tuple(user for user in TABLE if user != "admin")
READERS: Final = ("api", "projector", "observer")
TASK: Final = "tasks.concept_refinement.user.task"
SUBJECT: Final = progress_subject(user_key=controls.user_key(), task_id=controls.task_id())
# Refused by the log, and so an answer that changes nothing by itself.
STALE: Final = {"Nats-Expected-Last-Sequence": "999999"}
COMPLETED: Final = TaskCompleted(
    attempt=1,
    concept_id="concept",
    image=StoredImage(
        key="k", content_type="image/png", width=1, height=1, bytes=1, sha256="0" * 64
    ),
    original=OriginalImage(content_type="image/png", width=1, height=1, bytes=1, sha256="0" * 64),
    engine=EngineRun(name="local", version="1"),
    durations_ms=Durations(fetch=1.0, refine=1.0, store=1.0),
)
EVENT_BYTES: Final = 4096
EVENT_COUNT: Final = 2500


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[OwnLog]:
    """An empty log with the worker's consumer, which a test may try to ruin."""
    async with own_log(tmp_path) as running:
        yield running


class TestWork:
    """What the processes do, as the users they are."""

    async def test_the_users_carry_a_task_through_its_life(self, servers: Servers) -> None:
        """The API's request reaches the worker, and both users' events everybody who reads."""
        async with AsyncExitStack() as stack:
            api, worker, projector, observer = [
                await stack.enter_async_context(signed_in(servers.nats(user))) for user in USERS
            ]
            after = await JetStreamLog(projector).head()
            desk = new_desk()

            requested = await JetStreamLog(api).append(
                requested_event(), user_key=desk, expected_position=0
            )
            delivery = await delivery_of(worker, requested)
            processing = await proceed(
                worker, requested, TaskProcessing(attempt=1, worker="w", engine="local")
            )
            completed = await proceed(worker, requested, processing, COMPLETED)
            await delivery.acknowledge()
            read = await JetStreamLog(api).read_desk(desk)
            projected = await followed(projector, after=after, desk=desk, count=3)
            observed = await followed(observer, after=after, desk=desk, count=3)

        assert decode(delivery.stored) == requested
        assert read.position == completed.position
        assert projected == observed == [requested, processing, completed]

    async def test_the_worker_s_answers_cross_the_accounts(self, servers: Servers) -> None:
        """A postponed request comes back when it should; an extended, acknowledged one never."""
        async with (
            signed_in(servers.nats("api")) as api,
            signed_in(servers.nats("worker")) as worker,
            opened_queue(worker) as queue,
        ):
            requested = await JetStreamLog(api).append(
                requested_event(), user_key=new_desk(), expected_position=0
            )
            first = await delivery_of(worker, requested)
            loop = asyncio.get_running_loop()
            postponed_at = loop.time()

            await first.postpone(0.5)
            second = await queue.next(wait_s=5)
            waited_s = loop.time() - postponed_at
            assert second is not None
            await second.extend()
            await second.acknowledge()
            third = await queue.next(wait_s=0.7)

        assert waited_s >= 0.45
        assert (second.stored, second.count) == (first.stored, 2)
        assert third is None

    async def test_a_closed_queue_of_a_worker_swallows_nothing(self, servers: Servers) -> None:
        """The server sees across the accounts that nobody waits for an answer any more."""
        async with (
            signed_in(servers.nats("api")) as api,
            signed_in(servers.nats("worker")) as worker,
        ):
            await drain(worker)
            async with opened_queue(worker) as closing:
                waiting = asyncio.create_task(closing.next(wait_s=BOUND_S))
                await until_it_waits(servers)
                waiting.cancel()

            requested = await JetStreamLog(api).append(
                requested_event(), user_key=new_desk(), expected_position=0
            )
            delivery = await delivery_of(worker, requested)
            await delivery.acknowledge()

        assert delivery.count == 1

    @pytest.mark.parametrize("user", READERS)
    async def test_a_slow_reader_gets_everything_once(self, server: OwnLog, user: str) -> None:
        """Flow control crosses the accounts: more than its window of 2 MB arrives, in order."""
        async with signed_in(server.settings("admin")) as admin:
            await asyncio.gather(*(fill(admin, first) for first in range(EVENT_COUNT // 25)))

        positions: list[int] = []
        async with (
            signed_in(server.settings(user)) as connection,
            asyncio.timeout(BOUND_S),
            aclosing(JetStreamLog(connection).follow(after=0)) as batches,
        ):
            async for batch in batches:
                positions.extend(stored.position for stored in batch)
                await asyncio.sleep(len(batch) / 5000)  # a reader with work to do
                if len(positions) >= EVENT_COUNT:
                    break
            interruptions = connection.interruptions

        assert positions == list(range(1, EVENT_COUNT + 1))
        assert interruptions == 0

    @pytest.mark.parametrize("user", READERS)
    async def test_a_reader_cannot_touch_the_workers_consumer(
        self, server: OwnLog, user: str
    ) -> None:
        """Neither change it, nor take from it, nor answer for it, nor end it."""
        async with AsyncExitStack() as stack:
            clients = {
                name: await stack.enter_async_context(client_of(server, name))
                for name in ("admin", "api", "worker", user)
            }
            held = await hold_a_request(clients["api"], clients["worker"])
            before = await state_of(clients["admin"])
            changed = {"durable_name": "refinement", "filter_subject": "tasks.nothing.>"}
            request = msgspec.json.encode({"stream_name": "TASKS", "config": changed})

            for subject, body in (
                ("$JS.API.CONSUMER.CREATE.TASKS.refinement", request),
                ("$JS.API.CONSUMER.CREATE.TASKS.refinement.tasks.nothing.>", request),
                ("$JS.API.CONSUMER.CREATE.TASKS", request),
                ("$JS.API.CONSUMER.DURABLE.CREATE.TASKS.refinement", request),
                ("$JS.API.CONSUMER.DELETE.TASKS.refinement", b""),
                ("$JS.API.CONSUMER.MSG.NEXT.TASKS.refinement", b'{"batch":1}'),
                (held, b"+ACK"),
                (held, b"+TERM"),
            ):
                reply = clients[user].new_inbox()
                await clients[user].publish(subject, body, reply=reply)
            await clients[user].flush()

            assert await watch(clients["admin"], before) == before


class TestForging:
    """A publish may name any reply subject, a consumer any deliver subject: neither may help."""

    @pytest.mark.parametrize("user", USERS)
    async def test_no_answer_lands_where_the_asker_may_not_publish(
        self, server: OwnLog, user: str
    ) -> None:
        """Whatever a user asks, and wherever it wants the answer, log and consumer stay."""
        async with AsyncExitStack() as stack:
            clients = {
                name: await stack.enter_async_context(client_of(server, name))
                for name in ("admin", "api", "worker", user)
            }
            held = await hold_a_request(clients["api"], clients["worker"])
            before = await state_of(clients["admin"])

            for target in targets(held):
                for subject, body, headers in questions(user, held):
                    await clients[user].publish(subject, body, reply=target, headers=headers)
            await clients[user].flush()

            assert await watch(clients["admin"], before) == before

    @pytest.mark.parametrize("user", READERS)
    async def test_no_consumer_delivers_to_the_log_or_its_api(
        self, server: OwnLog, user: str
    ) -> None:
        """Neither its events, nor its headers, nor its heartbeats do there what a request would."""
        async with AsyncExitStack() as stack:
            clients = {
                name: await stack.enter_async_context(client_of(server, name))
                for name in ("admin", "api", "worker", user)
            }
            held = await hold_a_request(clients["api"], clients["worker"])
            before = await state_of(clients["admin"])

            for number, target in enumerate(targets(held)):
                for acknowledged in ("none", "explicit"):
                    name = f"follow-{number}-{acknowledged}"
                    config = push_config(name, target, acknowledged)
                    await clients[user].publish(
                        f"$JS.API.CONSUMER.CREATE.TASKS.{name}",
                        msgspec.json.encode({"stream_name": "TASKS", "config": config}),
                        reply=clients[user].new_inbox(),
                    )
            await clients[user].flush()

            assert await watch(clients["admin"], before) == before

    @pytest.mark.parametrize("user", USERS)
    async def test_no_trace_lands_where_the_sender_may_not_publish(
        self, server: OwnLog, user: str
    ) -> None:
        """A message may ask the server to report its way: not to the log, and not to its API."""
        own = {subject.rpartition(".")[2] for subject in TABLE[user].permissions.publish.allow}
        async with AsyncExitStack() as stack:
            clients = {
                name: await stack.enter_async_context(client_of(server, name))
                for name in ("admin", "api", "worker", user)
            }
            held = await hold_a_request(clients["api"], clients["worker"])
            before = await state_of(clients["admin"])

            for target in targets(held):
                if target.rpartition(".")[2] not in own and target != held:
                    await clients[user].publish(
                        "$JS.API.STREAM.INFO.TASKS",
                        reply=clients[user].new_inbox(),
                        headers={"Nats-Trace-Dest": target},
                    )
            await clients[user].flush()

            assert await watch(clients["admin"], before) == before


def targets(held: str) -> Sequence[str]:
    """Where an answer would do harm: events, deletions, changes, the worker's acknowledgement."""
    return (
        *(f"{TASK}.{event}" for event in sorted(EVENT_NAMES)),
        "$JS.API.STREAM.DELETE.TASKS",
        "$JS.API.STREAM.PURGE.TASKS",
        "$JS.API.STREAM.UPDATE.TASKS",
        "$JS.API.CONSUMER.DELETE.TASKS.refinement",
        "$JS.API.CONSUMER.CREATE.TASKS.refinement",
        held,
    )


def questions(user: str, held: str) -> Iterator[tuple[str, bytes, dict[str, str] | None]]:
    """Whatever is answered: with JSON, with stored bytes, or with nothing at all."""
    yield "$JS.API.INFO", b"", None
    yield "$JS.API.STREAM.INFO.TASKS", b"", None
    yield "$JS.API.STREAM.MSG.GET.TASKS", b'{"seq":1}', None
    yield "$JS.API.DIRECT.GET.TASKS", b'{"seq":1}', None
    yield "$JS.API.DIRECT.GET.TASKS", b'{"seq":999999}', None
    yield "$JS.API.CONSUMER.INFO.TASKS.refinement", b"", None
    yield "$JS.API.CONSUMER.MSG.NEXT.TASKS.refinement", b'{"batch":1,"no_wait":true}', None
    yield held, b"+WPI", None
    for subject in TABLE[user].permissions.publish.allow:
        if subject.startswith("tasks."):
            yield subject.replace("*.*.*", "concept_refinement.user.forged"), b"{}", STALE


async def hold_a_request(api: Client, worker: Client) -> str:
    """Append a request whose body is a consumer's configuration, and take it; how to answer it."""
    config = {"durable_name": "refinement", "filter_subject": "tasks.nothing.>"}
    body = msgspec.json.encode({"stream_name": "TASKS", "config": config})
    await api.request(f"{TASK}.requested", body, timeout=BOUND_S)
    inbox = await worker.subscribe(worker.new_inbox())
    await worker.publish(
        "$JS.API.CONSUMER.MSG.NEXT.TASKS.refinement",
        b'{"batch":1,"expires":5000000000}',
        reply=inbox.subject,
    )
    taken = await inbox.next_msg(timeout=BOUND_S)
    assert taken.reply.startswith("$JS.ACK.")
    return taken.reply


async def state_of(admin: Client) -> dict[str, Any]:
    """What must not change: the stream, its events by subject, how far the worker's consumer is."""
    asked = await admin.request("$JS.API.STREAM.INFO.TASKS", b'{"subjects_filter":">"}')
    stream = json.loads(asked.data)
    asked = await admin.request("$JS.API.CONSUMER.INFO.TASKS.refinement")
    consumer = json.loads(asked.data)
    # Whoever reads makes consumers, and the worker may say that it is still at work.
    stream.get("state", {}).pop("consumer_count", None)
    for name in ("delivered", "ack_floor"):
        consumer.get(name, {}).pop("last_active", None)
    kept = ("config", "created", "delivered", "ack_floor", "num_ack_pending", "error")
    return {
        "stream": {name: stream.get(name) for name in ("config", "created", "state", "error")},
        "consumer": {name: consumer.get(name) for name in kept},
    }


async def watch(admin: Client, expected: dict[str, Any]) -> dict[str, Any]:
    """Look until the state differs, or for as long as five heartbeats; the last state seen."""
    loop = asyncio.get_running_loop()
    until = loop.time() + WATCHED_S
    while True:
        state = await state_of(admin)
        if state != expected or loop.time() >= until:
            return state


@asynccontextmanager
async def opened_queue(connection: JetStreamConnection) -> AsyncIterator[JetStreamQueue]:
    """A queue that is closed."""
    queue = JetStreamQueue(connection)
    try:
        yield queue
    finally:
        await queue.close()


async def delivery_of(connection: JetStreamConnection, wanted: RecordedEvent) -> Delivery:
    """The delivery of one request; those that other tests have left are acknowledged."""
    async with asyncio.timeout(BOUND_S), opened_queue(connection) as queue:
        while True:
            delivery = await queue.next(wait_s=5)
            if delivery is not None and delivery.stored.position == wanted.position:
                return delivery
            if delivery is not None:
                await delivery.acknowledge()


async def drain(connection: JetStreamConnection) -> None:
    """Acknowledge what is left of other tests."""
    async with opened_queue(connection) as queue:
        while (earlier := await queue.next(wait_s=0.2)) is not None:
            await earlier.acknowledge()


async def until_it_waits(servers: Servers) -> None:
    """Until a pull of the worker's has arrived at the server."""
    async with signed_in(servers.nats("admin")) as admin, asyncio.timeout(BOUND_S):
        while True:
            answer = json.loads(await admin.ask("CONSUMER.INFO.TASKS.refinement"))
            if answer["num_waiting"] > 0:
                return
            await asyncio.sleep(0.01)


async def proceed(
    connection: JetStreamConnection, *so_far: RecordedEvent | TaskEvent
) -> RecordedEvent:
    """Append a change behind the events of its task."""
    *recorded, change = so_far
    events = [one for one in recorded if isinstance(one, RecordedEvent)]
    task = fold(events)
    assert task is not None
    assert not isinstance(change, RecordedEvent)
    return await JetStreamLog(connection).append(
        next_event(task, change, stamp=stamp()),
        user_key=events[0].user_key,
        expected_position=events[-1].position,
    )


async def followed(
    connection: JetStreamConnection, *, after: int, desk: str, count: int
) -> list[RecordedEvent]:
    """The first events of a desk behind a position, as a follower gets them."""
    found: list[RecordedEvent] = []
    async with (
        asyncio.timeout(BOUND_S),
        aclosing(JetStreamLog(connection).follow(after=after)) as batches,
    ):
        async for batch in batches:
            events = (decode(stored) for stored in batch)
            found.extend(event for event in events if event.user_key == desk)
            if len(found) >= count:
                break
    return found


async def fill(admin: JetStreamConnection, first: int) -> None:
    """Twenty-five events, one after the other."""
    for number in range(25):
        await admin.request(f"{TASK}-{first}-{number}.requested", b"x" * EVENT_BYTES)
