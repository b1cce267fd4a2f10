"""Parts of the service hang: what cannot be done is refused honestly, the rest goes on."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.system.customers import Customer
from tests.system.evidence import read_histories, requests_of
from tests.system.pictures import draw
from tests.system.running import Service

pytestmark = [pytest.mark.system, pytest.mark.timeout(90)]


@pytest.mark.parametrize("part", ["nats", "s3"])
async def test_what_cannot_be_taken_is_refused_and_costs_nothing(
    part: str, stack: Service, customer: Callable[[], Customer], tmp_path: Path
) -> None:
    """A 503 says when to come back; the same request is then accepted, once."""
    somebody = customer()
    # A picture that nobody has asked for before, so that nobody remembers that it is there.
    image_url = await asyncio.to_thread(stack.upload, draw(tmp_path / "new.png"))
    with stack.frozen(part):
        refused = await somebody.refine(image_url, key="first")

    accepted = await somebody.refine(image_url, key="first")

    assert refused.status == 503
    assert int(refused.headers["Retry-After"]) > 0
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert refused.json["status"] == 503
    assert accepted.status == 202, accepted
    assert accepted.headers["X-RateLimit-Remaining"] == "9"
    task_id = accepted.json["task_id"]
    assert (await somebody.ended(task_id))["status"] == "completed"
    assert requests_of(await read_histories(stack), somebody.user) == [task_id]


async def test_without_the_views_tasks_are_read_from_the_log(
    stack: Service, customer: Callable[[], Customer], picture_url: str
) -> None:
    """Old tasks and new ones are there while MongoDB hangs, and requests are accepted."""
    early, late = customer(), customer()
    finished = await early.accepted(picture_url)
    before = await early.ended(finished)
    with stack.frozen("mongo"):
        accepted = await late.accepted(picture_url)
        old, new = await asyncio.gather(early.task(finished), late.task(accepted))

    assert old.status == new.status == 200
    assert old.json["status"] == before["status"] == "completed"
    assert old.json["result"]["sha256"] == before["result"]["sha256"]
    assert new.json["task_id"] == accepted
    assert (await late.ended(accepted))["status"] == "completed"
