"""Parts of the service are killed, at moments that hurt: what was accepted ends, exactly once."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import aiohttp
import pytest

from events.task import TaskCompleted, TaskProcessing
from tests.system.customers import Crowd, Customer
from tests.system.evidence import (
    assert_views_equal,
    endings,
    read_histories,
    requests_of,
    settled,
)
from tests.system.pictures import held_origin
from tests.system.running import RESTART_BOUND_S, Service
from tests.system.waiting import eventually

COUNTERS = 8
EVERYTHING = ("api", "worker", "projector", "nats", "mongo", "s3")

pytestmark = [pytest.mark.system, pytest.mark.timeout(150)]


async def test_a_task_survives_its_worker(
    stack: Service, customer: Callable[[], Customer], picture: Path
) -> None:
    """A worker killed while it works leaves its task to the next one, which completes it once."""
    somebody = customer()
    async with held_origin(await asyncio.to_thread(picture.read_bytes)) as origin:
        task_id = await somebody.accepted(origin.url)
        await eventually(
            lambda: origin.requests_count == 1, bound_s=20, what="the worker asks for the picture"
        )

        killed = stack.kill("worker")
        await eventually(
            lambda: origin.requests_count > 1, bound_s=40, what="another worker asks for it"
        )
        origin.release()

        task = await somebody.ended(task_id)
    assert task["status"] == "completed", task
    assert stack.has_replaced(killed)
    history = (await read_histories(stack))[task_id]
    assert endings(history) == [TaskCompleted.__name__]
    attempts = [one.event.data for one in history if isinstance(one.event.data, TaskProcessing)]
    assert [attempt.attempt for attempt in attempts] == [1, 2]
    assert attempts[0].worker != attempts[1].worker


@pytest.mark.parametrize("victims", [*((name,) for name in EVERYTHING), EVERYTHING], ids=" ".join)
async def test_what_was_accepted_ends_exactly_once(
    victims: tuple[str, ...], stack: Service, session: aiohttp.ClientSession, picture_url: str
) -> None:
    """Killed under load: no 202 is lost, nothing happens twice, and no answer is a 500."""
    crowd = Crowd(session, stack, name=uuid4().hex, image_url=picture_url)
    async with asyncio.TaskGroup() as group:
        for _ in range(COUNTERS):
            group.create_task(crowd.visit())
        await crowd.more_finished(COUNTERS)

        killed = stack.kill(*victims)

        await eventually(
            lambda: stack.has_replaced(killed),
            bound_s=RESTART_BOUND_S,
            what=f"{killed} run again",
        )
        await crowd.more_finished(2 * COUNTERS)
        crowd.close()

    assert_answers_are_honest(crowd, may_lose_connections="api" in victims)
    assert set(crowd.finished.values()) == {"completed"}
    histories = await settled(stack)
    for user, task_id in crowd.accepted.items():
        assert requests_of(histories, user) == [task_id]
        assert endings(histories[task_id]) == [TaskCompleted.__name__]
    await assert_views_equal(stack, histories)


def assert_answers_are_honest(crowd: Crowd, *, may_lose_connections: bool) -> None:
    """Nothing but success and a 503 that says when to come back."""
    assert {answer.status for answer in crowd.answers} <= {200, 202, 503}
    refused = [answer for answer in crowd.answers if answer.status == 503]
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in refused)
    assert may_lose_connections or crowd.connections_lost == 0
