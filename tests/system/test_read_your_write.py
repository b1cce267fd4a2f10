"""What was accepted can be read from the moment its 202 arrived, and time never runs backwards."""

import asyncio
from collections.abc import Callable, Iterator
from uuid import uuid4

import aiohttp
import pytest

from tests.system.customers import FORBIDDEN_URL, Customer
from tests.system.evidence import assert_views_equal, settled
from tests.system.running import Service

TRIES = 1_000
CLIENTS = 16
CUSTOMERS = 40
LOOKS = 20
COURSE = ("pending", "processing", "failed")
# Every so many requests have a picture, so that the worker and the store have work as well.
PICTURE_EVERY = 20

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]


async def test_a_task_is_never_missing_right_behind_its_202(
    stack: Service, session: aiohttp.ClientSession, picture_url: str
) -> None:
    """A thousand times under load, the GET right behind the 202 finds the task."""
    crowd, missing = uuid4().hex, list[object]()
    numbers: Iterator[int] = iter(range(TRIES))

    async def client() -> None:
        for number in numbers:
            customer = Customer(session, stack, f"{crowd}-{number}")
            url = FORBIDDEN_URL if number % PICTURE_EVERY else picture_url
            task_id = await customer.accepted(url)
            answer = await customer.task(task_id)
            if answer.status != 200 or answer.json["task_id"] != task_id:
                missing.append(answer)

    async with asyncio.TaskGroup() as group:
        for _ in range(CLIENTS):
            group.create_task(client())

    assert missing == []
    await assert_views_equal(stack, await settled(stack))


async def test_a_task_never_goes_back(customer: Callable[[], Customer]) -> None:
    """Who looks again at once sees the same status or a later one, wherever the answer is from."""
    for _ in range(CUSTOMERS):
        somebody = customer()
        task_id = await somebody.accepted(FORBIDDEN_URL)

        seen = [(await somebody.task(task_id)).json["status"] for _ in range(LOOKS)]

        assert seen == sorted(seen, key=COURSE.index), seen
