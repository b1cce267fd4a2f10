"""ETag and `Prefer: wait`: a client is not sent what it has, and is woken when a task moves."""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from typing import Final, TypeVar

import msgspec
import pytest
from httpx import AsyncClient, Response

from services.api.feed import TaskFeed
from services.api.seats import WAITING_PER_USER_MAX
from tests.system.waiting import eventually
from tests.unit.api_world import FAILED, SEED_REQUEST, World, completed, processing

BOUND_S: Final = 10.0
LONG: Final = {"Prefer": "wait=60"}

Answer = TypeVar("Answer")


async def bounded(awaited: Awaitable[Answer]) -> Answer:
    """What is awaited, if it comes at all."""
    async with asyncio.timeout(BOUND_S):
        return await awaited


async def until_watched(feed: TaskFeed, count: int = 1) -> None:
    """Wait until as many requests wait."""
    await eventually(lambda: feed.watching == count, bound_s=BOUND_S, what="requests that wait")


async def begin(world: World, client: AsyncClient, user: str = "ada") -> str:
    """The address of a new task."""
    return f"/api/tasks/{(await world.refine(client, user=user)).json()['task_id']}"


def id_of(address: str) -> str:
    """The task of an address."""
    return address.rpartition("/")[2]


async def test_what_a_client_has_is_not_sent_again() -> None:
    """A tag that is still right gives 304 and no body; after an event it is another one."""
    world = World()
    async with world.client() as client:
        address = await begin(world, client)
        first = await client.get(address, headers=world.signed_in())
        known = {"If-None-Match": first.headers["ETag"]}
        second = await client.get(address, headers=world.signed_in() | known)
        _ = await world.happen(id_of(address), processing())
        third = await client.get(address, headers=world.signed_in() | known)

    assert (second.status_code, second.content) == (304, b"")
    assert second.headers["ETag"] == first.headers["ETag"]
    assert third.status_code == 200
    assert third.headers["ETag"] != first.headers["ETag"]


async def test_a_kept_body_never_holds_a_url_that_is_over() -> None:
    """A completed task's tag changes in time, while the URLs of the old body are still good."""
    world = World()
    async with world.client() as client:
        address = await begin(world, client)
        _ = await world.happen(id_of(address), processing(), completed(id_of(address)))
        first = await client.get(address, headers=world.signed_in())
        known = {"If-None-Match": first.headers["ETag"]}
        world.clock.time += timedelta(minutes=31)
        later = await client.get(address, headers=world.signed_in() | known)

    assert later.status_code == 200


@pytest.mark.parametrize("has_tag", [True, False])
async def test_a_wait_ends_when_the_task_moves(*, has_tag: bool) -> None:
    """A GET that may wait is answered by the next event, with the state after it."""
    world = World()
    async with world.client() as client:
        address = await begin(world, client)
        seen = await client.get(address, headers=world.signed_in())
        known = {"If-None-Match": seen.headers["ETag"]} if has_tag else {}
        waiting = asyncio.create_task(client.get(address, headers=world.signed_in() | LONG | known))
        await until_watched(world.feed)
        _ = await world.happen(id_of(address), processing())
        answer = await bounded(waiting)

    assert answer.status_code == 200
    assert answer.json()["status"] == "processing"
    assert answer.headers["Preference-Applied"] == "wait=60"
    assert world.feed.watching == 0


async def test_news_a_client_does_not_have_are_not_waited_for() -> None:
    """A client whose tag is old gets the task at once."""
    world = World()
    async with world.client() as client:
        address = await begin(world, client)
        seen = await client.get(address, headers=world.signed_in())
        _ = await world.happen(id_of(address), processing())
        known = {"If-None-Match": seen.headers["ETag"]}
        answer = await bounded(client.get(address, headers=world.signed_in() | LONG | known))

    assert answer.json()["status"] == "processing"


async def test_an_ended_task_is_not_waited_for() -> None:
    """Nothing more will happen to it."""
    world = World()
    async with world.client() as client:
        address = await begin(world, client)
        _ = await world.happen(id_of(address), processing(), FAILED)
        answer = await bounded(client.get(address, headers=world.signed_in() | LONG))

    assert answer.json()["status"] == "failed"


async def test_a_wait_in_vain_ends_with_the_task_as_it_is() -> None:
    """After the time that was asked for a client gets 200, or 304 if it has seen the task."""
    world = World()
    async with world.client() as client:
        address = await begin(world, client)
        short = world.signed_in() | {"Prefer": "wait=0"}
        answer = await bounded(client.get(address, headers=short))
        known = {"If-None-Match": answer.headers["ETag"]}
        again = await bounded(client.get(address, headers=short | known))

    assert (answer.status_code, answer.json()["status"]) == (200, "pending")
    assert (again.status_code, again.headers["Preference-Applied"]) == (304, "wait=0")


async def test_a_post_waits_until_the_task_has_ended() -> None:
    """A 202 that was waited for shows the task at its end, not at the first step."""
    world = World()
    async with world.client() as client:
        waiting = asyncio.create_task(
            client.post("/api/concepts/refine", json=SEED_REQUEST, headers=world.signed_in() | LONG)
        )
        await until_watched(world.feed)
        task_id = (await world.refine(client)).json()["task_id"]
        _ = await world.happen(task_id, processing(), completed(task_id))
        answer = await bounded(waiting)

    assert answer.status_code == 202
    assert answer.json()["status"] == "completed"
    assert answer.json()["image_url"]
    assert answer.headers["Preference-Applied"] == "wait=60"


async def test_a_post_that_waited_tells_the_quota_as_it_is_then() -> None:
    """What the end gave back is back in the headers, and nobody is told to ask again."""
    world = World()
    failed = msgspec.structs.replace(FAILED, quota_refunded=True)
    async with world.client() as client:
        waiting = asyncio.create_task(
            client.post("/api/concepts/refine", json=SEED_REQUEST, headers=world.signed_in() | LONG)
        )
        await until_watched(world.feed)
        task_id = (await world.refine(client)).json()["task_id"]
        _ = await world.happen(task_id, processing(), failed)
        answer = await bounded(waiting)

    assert answer.json()["quota_refunded"] is True
    assert answer.headers["X-RateLimit-Remaining"] == "10"
    assert "Retry-After" not in answer.headers


async def test_who_has_anything_waits_for_the_next_event() -> None:
    """A tag that stands for every body is no reason to answer at once."""
    world = World()
    async with world.client() as client:
        address = await begin(world, client)
        known = {"If-None-Match": "*"}
        waiting = asyncio.create_task(client.get(address, headers=world.signed_in() | LONG | known))
        await until_watched(world.feed)
        _ = await world.happen(id_of(address), processing())
        answer = await bounded(waiting)

    assert answer.status_code == 304


async def test_a_task_removed_meanwhile_is_not_found() -> None:
    """Who waits for a task that its owner takes away gets what everybody gets then."""
    world = World()
    async with world.client() as client:
        address = await begin(world, client)
        waiting = asyncio.create_task(client.get(address, headers=world.signed_in() | LONG))
        await until_watched(world.feed)
        _ = await client.delete(address, headers=world.signed_in())
        cancelled = await bounded(waiting)

    assert cancelled.json()["status"] == "cancelled"


async def test_waits_are_answered_when_the_process_stops() -> None:
    """Nobody is left hanging: the task is shown as it is, at once, also to who comes later."""
    world = World()
    async with world.client() as client:
        address = await begin(world, client)
        waiting = asyncio.create_task(client.get(address, headers=world.signed_in() | LONG))
        await until_watched(world.feed)
        world.feed.close()
        answers = (
            await bounded(waiting),
            await bounded(client.get(address, headers=world.signed_in() | LONG)),
        )

    assert [one.json()["status"] for one in answers] == ["pending", "pending"]
    assert not any("Preference-Applied" in one.headers for one in answers)


async def test_one_user_may_have_so_many_waits() -> None:
    """One wait too many is answered at once, and does not say that it was waited."""
    world = World()
    async with world.client() as client:
        address = await begin(world, client)

        async def wait() -> Response:
            return await client.get(address, headers=world.signed_in() | LONG)

        waiting = [asyncio.create_task(wait()) for _ in range(WAITING_PER_USER_MAX)]
        await until_watched(world.feed, WAITING_PER_USER_MAX)
        one_more = await bounded(wait())
        _ = await world.happen(id_of(address), processing())
        answers = await bounded(asyncio.gather(*waiting))

    assert one_more.json()["status"] == "pending"
    assert "Preference-Applied" not in one_more.headers
    assert {one.json()["status"] for one in answers} == {"processing"}
