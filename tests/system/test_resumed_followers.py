"""Clients that follow a task while the API ends, as it was told to or not, and comes back."""

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import aiohttp
import pytest

from tests.system.customers import Customer
from tests.system.evidence import read_histories
from tests.system.followers import Listener, told_of
from tests.system.pictures import held_origin
from tests.system.running import RESTART_BOUND_S, Service
from tests.system.waiting import POLL_S, eventually

LISTENERS = 5
WAIT_S = 60
BOUND_S = 40.0
# Much less than what requests in hand get (15 s), and more than a busy machine needs.
STOP_BOUND_S = 5.0

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """`refinery up` of our own: one whose API ends too often within a minute gives up."""
    service = Service(
        tmp_path_factory.mktemp("resumed") / "data",
        settings={"REFINERY_FETCH_ALLOW_NETWORKS": "127.0.0.1/32"},
    )
    try:
        service.start()
        yield service
    finally:
        service.stop()


@pytest.fixture
def somebody(service: Service, session: aiohttp.ClientSession) -> Customer:
    """A customer who was never here before."""
    return Customer(session, service, f"follower-{uuid4()}")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
async def test_a_restart_is_not_noticed_in_what_is_told(
    number: signal.Signals, service: Service, somebody: Customer, picture: Path
) -> None:
    """What happens before, during and after it is told once, in order, over both connections."""
    async with held_origin(await asyncio.to_thread(picture.read_bytes)) as origin:
        task_id = await somebody.accepted(origin.url)
        listeners = [Listener(somebody, task_id) for _ in range(LISTENERS)]
        async with asyncio.timeout(BOUND_S), asyncio.TaskGroup() as group:
            for listener in listeners:
                group.create_task(listen_to_the_end(listener))
            await eventually(
                lambda: all(len(one.told) > 1 for one in listeners), bound_s=BOUND_S, what="work"
            )
            api = service.pid("api")

            os.kill(api, number)

            await eventually(
                lambda: has_ended(service, api), bound_s=BOUND_S, what="the API has ended"
            )
            # Nobody serves while this is done.
            origin.release()

    history = (await read_histories(service))[task_id]
    for listener in listeners:
        assert listener.told == [told_of(one) for one in history]
        assert listener.told[-1].name == "completed"
        assert listener.streams_opened > 1


async def test_a_stop_ends_all_waiting_at_once(
    service: Service, somebody: Customer, picture: Path
) -> None:
    """Streams come to an orderly end, waits are answered, and the process does not linger."""
    async with held_origin(await asyncio.to_thread(picture.read_bytes)) as origin:
        task_id = await somebody.accepted(origin.url)
        await eventually(lambda: origin.requests_count > 0, bound_s=BOUND_S, what="work")
        seen = await somebody.task(task_id)
        waiting = asyncio.create_task(
            somebody.waited(task_id, wait_s=WAIT_S, tag=seen.headers["ETag"])
        )
        listener = Listener(somebody, task_id)
        listening = asyncio.create_task(listener.listen())
        await eventually(lambda: len(listener.told) > 1, bound_s=BOUND_S, what="the stream")
        api = service.pid("api")

        os.kill(api, signal.SIGTERM)

        async with asyncio.timeout(STOP_BOUND_S):
            answer, _ = await asyncio.gather(waiting, listening)
            await eventually(
                lambda: has_ended(service, api), bound_s=STOP_BOUND_S, what="the API has ended"
            )
        origin.release()

    assert answer.status in {200, 304}
    assert listener.streams_ended == 1
    assert not listener.has_ended
    async with asyncio.timeout(RESTART_BOUND_S):
        await listen_to_the_end(listener)
    assert listener.told[-1].name == "completed"


def has_ended(service: Service, pid: int) -> bool:
    """Whether a process of the service is gone."""
    return pid not in {process.pid for process in service.family()}


async def listen_to_the_end(listener: Listener) -> None:
    """Come back, as a browser does, until the end of the task was told."""
    while not listener.has_ended:
        try:
            await listener.listen()
        except aiohttp.ClientError:
            # The connection was lost, or nobody serves.
            await asyncio.sleep(POLL_S)
