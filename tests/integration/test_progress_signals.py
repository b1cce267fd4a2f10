"""How far tasks are goes from the worker to the API, and nowhere else."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import msgspec
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg

from events.progress import ALL_PROGRESS, Progress, Stage, progress_subject
from services.adapters.jetstream_progress import JetStreamProgress
from services.embedded.nats_server import permission_table
from tests import controls
from tests.own_log import HEARTBEAT_NS, OwnLog, client_of, own_log, push_config, signed_in

BOUND_S: Final = 20.0
USERS: Final = tuple(row.user for row in permission_table().users)
PROGRESS: Final = Progress(
    task_id=controls.task_id(),
    user_key=controls.user_key(),
    attempt=1,
    stage=Stage.REFINING,
    fraction=0.5,
)
SUBJECT: Final = progress_subject(user_key=PROGRESS.user_key, task_id=PROGRESS.task_id)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[OwnLog]:
    """A server of the test's own."""
    async with own_log(tmp_path) as running:
        yield running


async def test_the_api_hears_the_worker_and_nobody_else_does(server: OwnLog) -> None:
    """Others may ask for it as they like."""
    heard: dict[str, list[bytes]] = {user: [] for user in USERS}
    async with AsyncExitStack() as stack:
        clients = {user: await stack.enter_async_context(client_of(server, user)) for user in USERS}
        for user, client in clients.items():
            for subject in (ALL_PROGRESS, "progress.>", ">"):
                await listen(client, subject, heard[user])

        await clients["worker"].publish(SUBJECT, b"far")
        await clients["worker"].flush()
        await until(lambda: heard["api"] == [b"far"])
        await asyncio.gather(*(client.flush() for client in clients.values()))

    assert {user: bodies for user, bodies in heard.items() if bodies} == {"api": [b"far"]}


@pytest.mark.parametrize("user", [user for user in USERS if user != "worker"])
async def test_nobody_but_the_worker_is_heard(server: OwnLog, user: str) -> None:
    """Not by saying it, and not by having an answer or an event sent there."""
    heard: list[bytes] = []
    async with AsyncExitStack() as stack:
        api, worker, forger = [
            await stack.enter_async_context(client_of(server, name))
            for name in ("api", "worker", user)
        ]
        await listen(api, ALL_PROGRESS, heard)

        await forger.publish(SUBJECT, b"forged")
        # The API may deceive itself: what answers it is its own to name.
        if user != "api":
            await forger.publish("$JS.API.INFO", reply=SUBJECT)
        config = push_config("forger", SUBJECT, "none")
        await forger.publish(
            "$JS.API.CONSUMER.CREATE.TASKS.forger",
            msgspec.json.encode({"stream_name": "TASKS", "config": config}),
            reply=forger.new_inbox(),
        )
        await forger.flush()
        await asyncio.sleep(5 * HEARTBEAT_NS / 1e9)
        await worker.publish(SUBJECT, b"far")
        await worker.flush()
        await until(lambda: b"far" in heard)

    assert heard == [b"far"]


async def test_the_worker_hears_nobody(server: OwnLog) -> None:
    """It says how far it is, and does not learn how far others are."""
    heard: list[bytes] = []
    told: list[bytes] = []
    async with AsyncExitStack() as stack:
        api, worker, other = [
            await stack.enter_async_context(client_of(server, name))
            for name in ("api", "worker", "worker")
        ]
        await listen(other, ALL_PROGRESS, heard)
        await listen(api, ALL_PROGRESS, told)

        await worker.publish(SUBJECT, b"far")
        await worker.flush()
        await until(lambda: told == [b"far"])
        await other.flush()

    assert heard == []


async def test_a_listener_hears_again_when_the_server_is_back(server: OwnLog) -> None:
    """Both ends connect again by themselves; what was said meanwhile is gone."""
    heard: list[Progress] = []
    async with (
        signed_in(server.settings("api")) as api,
        signed_in(server.settings("worker")) as worker,
    ):
        signals = JetStreamProgress(worker)
        stop = await JetStreamProgress(api).listen(heard.append)
        await signals.send(PROGRESS)
        await until(lambda: len(heard) == 1)

        await server.stop()
        await until(lambda: worker.interruptions > 0 and api.interruptions > 0)
        await signals.send(msgspec.structs.replace(PROGRESS, fraction=0.6))
        await server.start()

        async with asyncio.timeout(BOUND_S):
            while len(heard) == 1:
                await signals.send(msgspec.structs.replace(PROGRESS, fraction=0.7))
                await asyncio.sleep(0.05)
        await stop()

    assert {one.fraction for one in heard} == {0.5, 0.7}


async def listen(client: Client, subject: str, heard: list[bytes]) -> None:
    """Keep what is said on a subject; the server has the subscription, or has refused it."""

    async def keep(message: Msg) -> None:
        heard.append(message.data)

    await client.subscribe(subject, cb=keep)
    # The client may send the first ping ahead of the subscription.
    await client.flush()
    await client.flush()


async def until(is_met: Callable[[], bool]) -> None:
    """Return once something holds."""
    async with asyncio.timeout(BOUND_S):
        while True:
            if is_met():
                return
            await asyncio.sleep(0.01)
