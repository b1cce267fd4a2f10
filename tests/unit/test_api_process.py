"""The API as a process serves it: a real server on a loopback port, stopped with work in hand."""

import asyncio

import pytest

from events.log import DeskReading
from services.adapters.memory import MemoryLog
from services.api.process import AddressUnavailable, PortTaken, serve
from tests.unit.api_server import WAIT_S, client_of, serving, until_listening
from tests.unit.api_world import REFINE, SEED_REQUEST, World


class GatedLog(MemoryLog):
    """A log that answers only once its gate is open; `entered` counts who waits or has passed."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.entered = asyncio.Semaphore(0)

    async def read_desk(self, user_key: str, *, replay_of: str | None = None) -> DeskReading:
        """Wait at the gate."""
        self.entered.release()
        await self.gate.wait()
        return await super().read_desk(user_key, replay_of=replay_of)


async def test_serves_many_connections_at_once() -> None:
    """Fifty requests of one user over fifty connections: one accepted, the others told of it."""
    world = World()
    async with (
        serving(world) as api,
        client_of(api) as client,
    ):
        answers = await asyncio.gather(
            *(client.post(REFINE, json=SEED_REQUEST, headers=world.signed_in()) for _ in range(50))
        )

    assert sorted(answer.status_code for answer in answers) == [202] + [409] * 49
    assert len({answer.json()["task_id"] for answer in answers}) == 1


async def test_stop_finishes_what_is_under_way_and_takes_nothing_new() -> None:
    """After the stop, a request in hand gets its answer, and nobody gets a new connection."""
    log = GatedLog()
    world = World(log=log)
    async with (
        serving(world) as api,
        client_of(api) as client,
    ):
        asked = asyncio.create_task(
            client.post(REFINE, json=SEED_REQUEST, headers=world.signed_in())
        )
        async with asyncio.timeout(WAIT_S):
            await log.entered.acquire()
            api.stop.set()
        await until_listening(api.port, expected=False)
        was_serving = not api.task.done()
        log.gate.set()
        answer = await asked
        async with asyncio.timeout(WAIT_S):
            await api.task

    assert was_serving
    assert answer.status_code == 202
    assert await log.head() == 1


async def test_stop_gives_up_what_does_not_end() -> None:
    """A request that does not end in time does not keep the process from ending."""
    log = GatedLog()
    world = World(log=log)
    async with serving(world, drain_s=0.05) as api, client_of(api) as client:
        asked = asyncio.create_task(
            client.post(REFINE, json=SEED_REQUEST, headers=world.signed_in())
        )
        async with asyncio.timeout(WAIT_S):
            await log.entered.acquire()
            api.stop.set()
            await api.task
        was_answered = asked.done()
        log.gate.set()
        _ = await asked
        left = [task for task in asyncio.all_tasks() if task.get_name() == "http server"]
        _ = await asyncio.wait(left, timeout=WAIT_S) if left else None

    assert not was_answered


async def test_taken_port_is_refused_before_serving() -> None:
    """A second process on the same port is told so, instead of sharing it in silence."""
    world = World()
    async with serving(world) as api:
        with pytest.raises(PortTaken) as refused:
            await serve(world.dependencies(port=api.port), asyncio.Event())

    assert refused.value.port == api.port
    assert str(refused.value).startswith(f"cannot listen on 127.0.0.1:{api.port}: ")


async def test_address_of_another_machine_is_refused() -> None:
    """An address that is not ours is not a taken port."""
    world = World()
    dependencies = world.dependencies(host="192.0.2.1")

    with pytest.raises(AddressUnavailable) as refused:
        await serve(dependencies, asyncio.Event())

    assert not isinstance(refused.value, PortTaken)


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 20_000 + b"\r\n\r\n", b"431"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", b"400"),
        (b"GET /api/health/live HTTP/1.1\r\nHost: x y\r\n\r\n", b"400"),
        (b"GET /api/health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", b"200"),
    ],
)
async def test_hostile_bytes_are_refused(request_bytes: bytes, status: bytes) -> None:
    """Heads that are too large or ambiguous end at the server."""
    async with serving(World()) as api:
        reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
        writer.write(request_bytes)
        async with asyncio.timeout(WAIT_S):
            answer = await reader.readline()
        writer.close()
        await writer.wait_closed()

    assert answer.split()[1] == status
