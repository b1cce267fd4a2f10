"""Lists of the running service: complete behind every 202, and right while views follow."""

import asyncio
from collections.abc import Callable

import pytest

from tests.system.customers import FORBIDDEN_URL, Customer

# Without one quota being spent.
TASKS = 9
CUSTOMERS = 8
COURSE = ("pending", "processing", "failed")

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]


async def test_a_list_has_every_accepted_task_at_once(customer: Callable[[], Customer]) -> None:
    """Under load, the list right behind a 202 begins with its task, no older than just told."""
    await asyncio.gather(*(fill_and_watch(customer()) for _ in range(CUSTOMERS)))


async def fill_and_watch(somebody: Customer) -> None:
    """One customer, one task after the other."""
    accepted: list[str] = []
    for _ in range(TASKS):
        accepted.insert(0, await somebody.accepted(FORBIDDEN_URL))
        told = (await somebody.task(accepted[0])).json["status"]
        tasks, _ = await somebody.page()
        assert [task["task_id"] for task in tasks] == accepted
        assert COURSE.index(tasks[0]["status"]) >= COURSE.index(told)
        _ = await somebody.ended(accepted[0])
        failed, _ = await somebody.page("?status=failed")
        assert [task["task_id"] for task in failed] == accepted


async def test_pages_lead_to_the_oldest_task(
    customer: Callable[[], Customer], picture_url: str
) -> None:
    """Link by link, each task once, with the picture of those that are completed."""
    somebody = customer()
    accepted: list[str] = []
    for url in (FORBIDDEN_URL, picture_url, FORBIDDEN_URL, picture_url, FORBIDDEN_URL):
        accepted.insert(0, await somebody.accepted(url))
        _ = await somebody.ended(accepted[0])

    seen: list[str] = []
    query = "?limit=2"
    while query and len(seen) <= len(accepted):
        tasks, query = await somebody.page(query)
        seen.extend(task["task_id"] for task in tasks)
    completed, _ = await somebody.page("?status=completed")

    assert seen == accepted
    assert [task["task_id"] for task in completed] == [accepted[1], accepted[3]]
    assert await somebody.download(completed[0]["image_url"])
