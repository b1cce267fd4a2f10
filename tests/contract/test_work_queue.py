"""What every work queue promises: run on memory and on the real durable consumer."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from events.codec import decode
from events.log import Delivery, EventLog, WorkQueue
from events.task import RecordedEvent
from services.adapters.jetstream import JetStreamConnection, JetStreamQueue
from services.adapters.jetstream_log import JetStreamLog
from services.adapters.memory import MemoryLog, MemoryQueue
from tests.desks import new_desk, requested_event
from tests.servers import Servers


class Bench:
    """A log with its queue."""

    def __init__(self, log: EventLog, open_queue: Callable[[], WorkQueue]) -> None:
        self.log = log
        self.open_queue = open_queue
        self.queue = open_queue()

    async def request(self) -> RecordedEvent:
        """Append a request of a new user."""
        return await self.log.append(requested_event(), user_key=new_desk(), expected_position=0)

    async def next(self) -> Delivery:
        """The next delivery; there must be one."""
        delivery = await self.queue.next(wait_s=5)
        assert delivery is not None
        return delivery


@pytest.fixture(params=["memory", "jetstream"])
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    """A queue whose earlier requests are all acknowledged."""
    close: Callable[[], Awaitable[None]]
    if request.param == "memory":
        log = MemoryLog()
        queue = MemoryQueue(log, ack_wait_s=10)
        bench, close = Bench(log, lambda: queue), queue.close
    else:
        servers: Servers = request.getfixturevalue("servers")
        connection = await JetStreamConnection.open(servers.nats("admin"), name="contract")
        bench = Bench(JetStreamLog(connection), lambda: JetStreamQueue(connection))
        close = connection.close
    while (earlier := await bench.queue.next(wait_s=0.2)) is not None:
        await earlier.acknowledge()
    yield bench
    await bench.queue.close()
    await close()


async def test_each_request_is_handed_out_once(bench: Bench) -> None:
    """Requests come in order, each with the event as it lies in the log."""
    requests = [await bench.request() for _ in range(3)]

    deliveries = [await bench.next() for _ in range(3)]

    assert [decode(one.stored) for one in deliveries] == requests
    assert [one.count for one in deliveries] == [1, 1, 1]
    for one in deliveries:
        await one.acknowledge()


async def test_nothing_comes_when_nothing_is_there(bench: Bench) -> None:
    """A wait ends with nothing, and the next request still comes."""
    assert await bench.queue.next(wait_s=0.2) is None

    await bench.request()

    await (await bench.next()).acknowledge()


async def test_a_postponed_request_comes_back_later_and_not_before(bench: Bench) -> None:
    """The delay is kept, and the delivery is counted."""
    await bench.request()
    first = await bench.next()
    loop = asyncio.get_running_loop()
    postponed_at = loop.time()

    await first.postpone(0.5)
    second = await bench.next()

    assert loop.time() - postponed_at >= 0.45
    assert second.stored == first.stored
    assert second.count == 2
    await second.acknowledge()


async def test_an_acknowledged_request_never_comes_back(bench: Bench) -> None:
    """What is done is done."""
    await bench.request()
    delivery = await bench.next()

    await delivery.acknowledge()

    assert await bench.queue.next(wait_s=0.5) is None


async def test_a_closed_queue_leaves_its_requests_to_others(bench: Bench) -> None:
    """A queue that was closed while it waited swallows nothing."""
    closing = bench.open_queue()
    assert await closing.next(wait_s=0.2) is None
    if closing is not bench.queue:
        await closing.close()

    requested = await bench.request()
    delivery = await bench.next()

    assert decode(delivery.stored) == requested
    await delivery.acknowledge()
