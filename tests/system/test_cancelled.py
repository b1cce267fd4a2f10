"""Tasks that are cancelled while the worker is at them: it stops, and is free for the next one."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final
from uuid import uuid4

import aiohttp
import numpy as np
import pytest
from PIL import Image

from events.codec import decode
from events.progress import Progress, Stage
from events.task import (
    TaskCancelled,
    TaskProcessing,
    TaskRequested,
    fold,
    next_event,
)
from services.adapters.jetstream import JetStreamConnection
from services.adapters.jetstream_log import JetStreamLog
from services.adapters.jetstream_progress import JetStreamProgress
from services.embedded.credentials import load_or_create
from services.runtime.settings import NatsSettings, Secret
from tests.desks import stamp
from tests.system.customers import Customer
from tests.system.pictures import draw, held_origin
from tests.system.processes import Process, family_of, still_running
from tests.system.running import Service, refinery
from tests.system.waiting import eventually

# A good second to notice, and time for a machine with other work to do.
NOTICED_S: Final = 4.0
BEGUN_S: Final = 30.0
SIDE: Final = 1536
CANCELLED: Final = [TaskRequested.__name__, TaskProcessing.__name__, TaskCancelled.__name__]

pytestmark = [pytest.mark.system, pytest.mark.timeout(150)]


class Owner:
    """Cancels tasks as the API does, as the user that the API is, and hears what the API hears."""

    def __init__(self, connection: JetStreamConnection) -> None:
        self._log = JetStreamLog(connection)
        self.signals = JetStreamProgress(connection)
        self.said: list[Progress] = []

    def said_of(self, task_id: str) -> list[Progress]:
        """What was heard of a task."""
        return [one for one in self.said if one.task_id == task_id]

    async def is_at(self, task_id: str, stage: Stage) -> None:
        """Return once a task is in this stage."""
        await eventually(
            lambda: any(one.stage is stage for one in self.said_of(task_id)),
            bound_s=BEGUN_S,
            what=f"{task_id} is {stage}",
        )

    async def cancel(self, task_id: str) -> None:
        """Append the cancellation."""
        user_key = self.said_of(task_id)[0].user_key
        reading = await self._log.read_task(user_key=user_key, task_id=task_id)
        assert reading is not None
        task = fold(reading.events)
        assert task is not None
        await self._log.append(
            next_event(task, TaskCancelled(reason="owner", quota_refunded=False), stamp=stamp()),
            user_key=user_key,
            expected_position=reading.position,
        )

    async def names(self, task_id: str) -> list[str]:
        """The names of a task's events."""
        user_key = self.said_of(task_id)[0].user_key
        stored = await self._log.read_history(user_key=user_key, task_id=task_id)
        return [type(decode(one).event.data).__name__ for one in stored]


@pytest.fixture(scope="module")
def drawing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """`refinery up` with the local engine, and a worker that does one thing at a time."""
    service = Service(
        tmp_path_factory.mktemp("drawing") / "data",
        engine="local",
        settings={
            "REFINERY_FETCH_ALLOW_NETWORKS": "127.0.0.1/32",
            "REFINERY_REFINEMENT_SLOTS": "1",
        },
    )
    try:
        service.start()
        yield service
    finally:
        service.stop()


@pytest.fixture
async def owner(drawing: Service) -> AsyncIterator[Owner]:
    """Who may cancel, listening."""
    password = load_or_create(drawing.data).nats.api
    settings = NatsSettings(url=drawing.log_settings().url, user="api", password=Secret(password))
    async with AsyncExitStack() as stack:
        connection = await JetStreamConnection.open(settings, name="owner")
        stack.push_async_callback(connection.close)
        listening = Owner(connection)
        stack.push_async_callback(await listening.signals.listen(listening.said.append))
        yield listening


@pytest.fixture(scope="module")
def noise(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture that takes the local engine many seconds."""
    path = tmp_path_factory.mktemp("noise") / "noise.png"
    pixels = np.random.default_rng(3).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path


async def test_a_picture_under_work_is_dropped(
    drawing: Service,
    owner: Owner,
    session: aiohttp.ClientSession,
    noise: Path,
    tmp_path: Path,
) -> None:
    """The child that draws is ended, the next task is refined at once, nothing is left."""
    somebody, other = (Customer(session, drawing, f"owner-{uuid4()}") for _ in range(2))
    url = await asyncio.to_thread(drawing.upload, noise)
    following_url = await asyncio.to_thread(drawing.upload, draw(tmp_path / "logo.png"))
    child = studios_of(drawing)
    task_id = await somebody.accepted(url)
    await owner.is_at(task_id, Stage.REFINING)
    following = await other.accepted(following_url)

    await owner.cancel(task_id)

    await eventually(
        lambda: bool(owner.said_of(following)),
        bound_s=NOTICED_S,
        what="the worker is at the next task",
    )
    ended = await other.ended(following)
    assert ended["status"] == "completed", ended
    assert (await somebody.ended(task_id))["status"] == "cancelled"
    assert await owner.names(task_id) == CANCELLED
    assert still_running(child) == frozenset()
    assert len(studios_of(drawing)) == 1
    assert_nothing_is_left(drawing)


async def test_a_download_is_dropped(
    drawing: Service,
    owner: Owner,
    session: aiohttp.ClientSession,
    tmp_path: Path,
) -> None:
    """A server that never answers holds nobody up whose task is cancelled."""
    somebody, other = (Customer(session, drawing, f"owner-{uuid4()}") for _ in range(2))
    picture = draw(tmp_path / "logo.png")
    following_url = await asyncio.to_thread(drawing.upload, picture)
    async with held_origin(picture.read_bytes()) as origin:
        task_id = await somebody.accepted(origin.url)
        await eventually(
            lambda: origin.requests_count == 1, bound_s=BEGUN_S, what="the worker asks for it"
        )
        following = await other.accepted(following_url)

        answer = await somebody.cancel(task_id)

        assert answer.status == 200
        await eventually(
            lambda: bool(owner.said_of(following)),
            bound_s=NOTICED_S,
            what="the worker is at the next task",
        )
        ended = await other.ended(following)
        assert ended["status"] == "completed", ended
    assert await owner.names(task_id) == CANCELLED
    assert_nothing_is_left(drawing)


async def test_stages_are_heard_while_a_task_works(
    drawing: Service, owner: Owner, session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    """Every stage, in order, with a fraction that only grows; and none of it is on the log."""
    somebody = Customer(session, drawing, f"owner-{uuid4()}")
    url = await asyncio.to_thread(drawing.upload, draw(tmp_path / "logo.png"))

    task_id = await somebody.accepted(url)
    task = await somebody.ended(task_id)

    said = owner.said_of(task_id)
    assert task["status"] == "completed", task
    assert list(dict.fromkeys(one.stage for one in said)) == list(Stage)
    assert [one.fraction for one in said] == sorted(one.fraction for one in said)
    assert len(await owner.names(task_id)) == 3


def studios_of(service: Service) -> frozenset[Process]:
    """The children in which the worker draws."""
    family = family_of(service.pid("worker"))
    return frozenset(one for one in family if "services.refinement.easel" in one.command)


def assert_nothing_is_left(service: Service) -> None:
    """Every object belongs to an event."""
    verified = refinery("storage", "verify", "--data", service.data)
    assert verified.status == 0, verified.stdout
    assert " 0 orphans" in verified.stdout
