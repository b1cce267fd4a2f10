"""Cancel and remove: what an owner may do to a task, and what becomes of the quota."""

import asyncio
from typing import Final

import pytest
from httpx import AsyncClient

from events.codec import decode
from events.task import TaskCancelled, TaskEvent, TaskRemoved, TaskRetrying
from tests.unit.api_world import (
    FAILED,
    START,
    World,
    completed,
    processing,
    quota_headers,
    user_key,
)

UNKNOWN: Final = "task-01960000-0000-7000-8000-000000000001"
RETRYING: Final = TaskRetrying(
    attempt=1, error_code="engine_unavailable", error_message="Later", next_attempt_at=START
)


async def begin(world: World, client: AsyncClient) -> str:
    """A task of Ada's."""
    task_id = (await world.refine(client)).json()["task_id"]
    assert isinstance(task_id, str)
    return task_id


async def test_cancel_before_the_work_begins_gives_the_quota_back() -> None:
    """A task that no worker has begun ends at once, and its request no longer counts."""
    world = World()
    async with world.client() as client:
        task_id = await begin(world, client)
        answer = await client.post(f"/api/tasks/{task_id}/cancel", headers=world.signed_in())
        seen = await client.get(f"/api/tasks/{task_id}", headers=world.signed_in())
        again = await world.refine(client)

    assert answer.status_code == 200
    body = answer.json()
    assert (body["status"], body["message"]) == ("cancelled", "Task is cancelled")
    assert body["quota_refunded"] is True
    assert quota_headers(10).items() <= dict(answer.headers).items()
    assert seen.json() == body
    assert again.status_code == 202
    assert again.headers["X-RateLimit-Remaining"] == "9"


@pytest.mark.parametrize("changes", [(processing(),), (processing(), RETRYING)])
async def test_cancel_of_begun_work_keeps_the_quota_spent(
    changes: tuple[TaskRetrying, ...],
) -> None:
    """Once an attempt has begun the request counts, and the answer says so."""
    world = World()
    async with world.client() as client:
        task_id = await begin(world, client)
        _ = await world.happen(task_id, *changes)
        answer = await client.post(f"/api/tasks/{task_id}/cancel", headers=world.signed_in())

    assert answer.status_code == 200
    assert answer.json()["quota_refunded"] is False
    assert answer.headers["X-RateLimit-Remaining"] == "9"


async def test_cancel_is_an_event_chained_to_the_one_before() -> None:
    """History says that the owner stopped the task."""
    world = World()
    async with world.client() as client:
        task_id = await begin(world, client)
        _ = await client.post(f"/api/tasks/{task_id}/cancel", headers=world.signed_in())

    history = await world.log.read_history(user_key=user_key(), task_id=task_id)
    first, last = (decode(one) for one in history)
    assert last.event.data == TaskCancelled(reason="requested by its owner", quota_refunded=True)
    assert last.event.previoushash == first.hash
    assert last.event.causationid == first.event.id


@pytest.mark.parametrize("ending", ["completed", "failed", "cancelled"])
async def test_cancel_of_an_ended_task_is_409_with_the_task(ending: str) -> None:
    """What has ended stays as it ended; the answer shows it, and the quota as it stands."""
    world = World()
    async with world.client() as client:
        task_id = await begin(world, client)
        ends: dict[str, TaskEvent] = {
            "completed": completed(task_id),
            "failed": FAILED,
            "cancelled": TaskCancelled(reason="requested by its owner", quota_refunded=False),
        }
        _ = await world.happen(task_id, processing(), ends[ending])
        answer = await client.post(f"/api/tasks/{task_id}/cancel", headers=world.signed_in())

    assert answer.status_code == 409
    assert answer.json()["status"] == ending
    assert answer.json()["message"] == f"Task is {ending}"
    assert answer.headers["X-RateLimit-Remaining"] == "9"
    assert await world.log.head() == 3


async def test_delete_cancels_an_active_task_and_then_removes_it() -> None:
    """The first DELETE stops the task, which is seen as cancelled; the second hides it for good."""
    world = World()
    async with world.client() as client:
        task_id = await begin(world, client)
        address = f"/api/tasks/{task_id}"
        first = await client.delete(address, headers=world.signed_in())
        between = await client.get(address, headers=world.signed_in())
        second = await client.delete(address, headers=world.signed_in())
        after = await client.get(address, headers=world.signed_in())
        third = await client.delete(address, headers=world.signed_in())
        cancel = await client.post(f"{address}/cancel", headers=world.signed_in())
        events = await client.get(f"{address}/events", headers=world.signed_in())

    assert (first.status_code, first.content) == (204, b"")
    assert first.headers["X-RateLimit-Remaining"] == "10"
    assert between.json()["status"] == "cancelled"
    assert second.status_code == 204
    assert [one.status_code for one in (after, third, cancel, events)] == [404] * 4
    history = await world.log.read_history(user_key=user_key(), task_id=task_id)
    assert decode(history[-1]).event.data == TaskRemoved(quota_refunded=True)


async def test_a_removed_task_is_gone_though_the_views_lag() -> None:
    """After the 204 nobody is shown the task, also while the views still have it as finished."""
    world = World()
    async with world.client() as client:
        task_id = await begin(world, client)
        task = await world.happen(task_id, processing(), completed(task_id))
        await world.views.write([task])
        removed = await client.delete(f"/api/tasks/{task_id}", headers=world.signed_in())
        after = await client.get(f"/api/tasks/{task_id}", headers=world.signed_in())

    assert removed.status_code == 204
    assert after.status_code == 404


async def test_a_removed_task_still_counts_as_it_did() -> None:
    """To hide a completed task gives no quota back."""
    world = World()
    async with world.client() as client:
        task_id = await begin(world, client)
        _ = await world.happen(task_id, processing(), completed(task_id))
        _ = await client.delete(f"/api/tasks/{task_id}", headers=world.signed_in())
        answer = await world.refine(client)

    assert answer.status_code == 202
    assert answer.headers["X-RateLimit-Remaining"] == "8"


@pytest.mark.parametrize("task", ["theirs", UNKNOWN, "task-1", "..%2f..", "task-*"])
@pytest.mark.parametrize(
    ("method", "suffix"), [("POST", "/cancel"), ("DELETE", ""), ("GET", "/events")]
)
async def test_nobody_elses_task_can_be_touched(task: str, method: str, suffix: str) -> None:
    """Other people's tasks, unknown ones and odd ids give one and the same 404, and no event."""
    world = World()
    async with world.client() as client:
        theirs = await begin(world, client)
        address = f"/api/tasks/{theirs if task == 'theirs' else task}{suffix}"
        answer = await client.request(method, address, headers=world.signed_in("bob"))
        nameless = await client.request(method, address)

    assert answer.status_code == 404
    assert answer.json()["type"].rpartition(":")[2] in {"task-not-found", "not-found"}
    assert nameless.status_code in {401, 404}
    assert await world.log.head() == 1


async def test_simultaneous_cancels_append_one_event() -> None:
    """Of many cancels at once, one ends the task; the others are told how it ended."""
    world = World()
    async with world.client() as client:
        task_id = await begin(world, client)
        answers = await asyncio.gather(
            *(
                client.post(f"/api/tasks/{task_id}/cancel", headers=world.signed_in())
                for _ in range(10)
            )
        )

    assert sorted(one.status_code for one in answers) == [200] + [409] * 9
    assert {one.json()["status"] for one in answers} == {"cancelled"}
    assert await world.log.head() == 2


async def test_without_the_log_nothing_is_cancelled() -> None:
    """An outage is said, with when to try again."""
    world = World()
    async with world.client() as client:
        task_id = await begin(world, client)
        world.log.is_available = False
        answer = await client.post(f"/api/tasks/{task_id}/cancel", headers=world.signed_in())

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
