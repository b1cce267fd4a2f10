"""GET /api/tasks: what a list looks like, how its pages are linked, and what is refused."""

from collections.abc import AsyncIterator
from typing import Final

import pytest
from httpx import AsyncClient, Response
from structlog.testing import capture_logs

from events.task import TaskCancelled, TaskRemoved
from services.api.list_requests import STATUSES
from services.api.listing import TAIL_EVENTS_MAX
from tests.unit.api_world import FAILED, World, completed, processing
from tests.unit.projecting import project

LIST: Final = "/api/tasks"
CANCELLED: Final = TaskCancelled(reason="changed my mind", quota_refunded=True)


async def begin(world: World, client: AsyncClient, *, count: int, user: str = "ada") -> list[str]:
    """Have tasks requested and cancelled, so that the next can be requested; newest first."""
    begun: list[str] = []
    for _ in range(count):
        task_id = (await world.refine(client, user=user)).json()["task_id"]
        _ = await world.happen(task_id, CANCELLED, user=user)
        begun.insert(0, task_id)
    return begun


async def listed(
    world: World, client: AsyncClient, query: str = "", *, user: str = "ada"
) -> Response:
    """Ask for a page."""
    return await client.get(LIST + query, headers=world.signed_in(user))


async def pages(world: World, client: AsyncClient, query: str) -> AsyncIterator[Response]:
    """Follow the links from a page to the last."""
    answer = await listed(world, client, query)
    yield answer
    while "next" in answer.links:
        url = answer.links["next"]["url"]
        assert url.startswith("/api/tasks?")
        answer = await client.get(url, headers=world.signed_in())
        yield answer


def ids(answer: Response) -> list[str]:
    """The tasks of a page, from top to bottom."""
    assert answer.status_code == 200, answer.text
    return [task["task_id"] for task in answer.json()]


async def test_a_user_without_tasks_has_an_empty_list() -> None:
    """An empty array, without a link."""
    world = World()
    async with world.client() as client:
        answer = await listed(world, client)

    assert answer.status_code == 200
    assert answer.content == b"[]"
    assert dict(answer.headers) == {
        "cache-control": "no-store",
        "content-type": "application/json",
        "content-length": "2",
        "x-request-id": answer.headers["X-Request-Id"],
    }


async def test_a_list_holds_the_bodies_that_tasks_have_on_their_own() -> None:
    """Each task as its own address shows it, signed URL included, newest first."""
    world = World()
    async with world.client() as client:
        done = (await world.refine(client)).json()["task_id"]
        _ = await world.happen(done, processing(), completed(done))
        failed = (await world.refine(client)).json()["task_id"]
        _ = await world.happen(failed, FAILED)
        pending = (await world.refine(client)).json()["task_id"]
        await project(world.log, world.views)
        answer = await listed(world, client)
        single = [
            (await client.get(f"{LIST}/{task_id}", headers=world.signed_in())).json()
            for task_id in (pending, failed, done)
        ]

    assert answer.json() == single
    assert [task["status"] for task in answer.json()] == ["pending", "failed", "completed"]
    assert "X-Amz-Signature" in answer.json()[2]["image_url"]


@pytest.mark.parametrize("lag", [0, 3, None])
async def test_pages_are_linked_to_the_last(lag: int | None) -> None:
    """Ten tasks a page unless asked otherwise; the last page, though full, has no link."""
    world = World()
    async with world.client() as client:
        begun = await begin(world, client, count=10)
        await project(world.log, world.views, count=lag)
        by_default = [page async for page in pages(world, client, "")]
        by_four = [page async for page in pages(world, client, "?limit=4")]
        by_five = [page async for page in pages(world, client, "?limit=5&status=cancelled")]

    assert [ids(page) for page in by_default] == [begun]
    assert [ids(page) for page in by_four] == [begun[:4], begun[4:8], begun[8:]]
    assert [ids(page) for page in by_five] == [begun[:5], begun[5:]]


async def test_a_link_leads_to_the_same_list() -> None:
    """It is relative, keeps statuses and limit, and its cursor is of letters that URLs take."""
    world = World()
    async with world.client() as client:
        _ = await begin(world, client, count=2)
        answer = await listed(world, client, "?status=failed&limit=1&status=cancelled")

    link = answer.headers["Link"]
    start = "</api/tasks?status=failed,cancelled&limit=1&cursor="
    assert link.startswith(start)
    assert link.endswith('>; rel="next"')
    assert link.removeprefix(start).removesuffix('>; rel="next"').replace("-", "_").isidentifier()


async def test_tasks_that_arrive_do_not_move_the_pages() -> None:
    """Who goes from page to page sees what was there, once each."""
    world = World()
    async with world.client() as client:
        begun = await begin(world, client, count=4)
        first = await listed(world, client, "?limit=2")
        arrived = await begin(world, client, count=2)
        second = await client.get(first.links["next"]["url"], headers=world.signed_in())
        again = await listed(world, client)

    assert ids(first) + ids(second) == begun
    assert "Link" not in second.headers
    assert ids(again) == arrived + begun


@pytest.mark.parametrize("in_views", [True, False])
async def test_a_status_is_the_one_of_now(*, in_views: bool) -> None:
    """A task is listed in the status that its last event gave it, and in no other."""
    world = World()
    async with world.client() as client:
        task_id = (await world.refine(client)).json()["task_id"]
        await project(world.log, world.views)
        _ = await world.happen(task_id, processing())
        if in_views:
            await project(world.log, world.views)
        found = [
            status for status in STATUSES if ids(await listed(world, client, f"?status={status}"))
        ]

    assert found == ["processing"]


async def test_removed_tasks_are_gone_from_lists_at_once() -> None:
    """Whether or not the views know."""
    world = World()
    async with world.client() as client:
        begun = await begin(world, client, count=3)
        await project(world.log, world.views)
        _ = await world.happen(begun[1], TaskRemoved(quota_refunded=True))
        behind = await listed(world, client)
        await project(world.log, world.views)
        after = await listed(world, client)

    assert ids(behind) == ids(after) == [begun[0], begun[2]]


async def test_a_cursor_shows_nothing_of_another_user() -> None:
    """In other hands it is a place among the other's own tasks."""
    world = World()
    async with world.client() as client:
        of_ada = await begin(world, client, count=2)
        of_grace = await begin(world, client, count=2, user="grace")
        _ = await begin(world, client, count=2)
        link = (await listed(world, client, "?limit=2")).links["next"]["url"]
        own = await client.get(link, headers=world.signed_in())
        foreign = await client.get(link, headers=world.signed_in("grace"))
        all_of_grace = await listed(world, client, user="grace")

    assert ids(own) == of_ada
    assert ids(foreign) == ids(all_of_grace) == of_grace


async def test_an_invalid_query_names_every_parameter() -> None:
    """422 in the form of every other invalid request, without quota headers."""
    world = World()
    async with world.client() as client:
        answer = await listed(world, client, "?limit=51&cursor=x&status=pending&page=2")

    cursor = "must be the cursor of a link to the next page"
    assert answer.status_code == 422
    assert answer.json() == {
        "type": "urn:concept-refinery:problem:invalid-request",
        "title": "Invalid request",
        "status": 422,
        "detail": "The request is not valid; see errors.",
        "instance": "/api/tasks",
        "field_errors": {
            "limit": ["must be a number from 1 to 50"],
            "cursor": [cursor],
            "page": ["is not a known parameter"],
        },
        "errors": [
            {"parameter": "limit", "detail": "must be a number from 1 to 50"},
            {"parameter": "cursor", "detail": cursor},
            {"parameter": "page", "detail": "is not a known parameter"},
        ],
    }
    assert dict(answer.headers) == {
        "cache-control": "no-store",
        "content-type": "application/problem+json",
        "content-length": str(len(answer.content)),
        "x-request-id": answer.headers["X-Request-Id"],
    }


async def test_a_link_is_of_no_use_in_another_list() -> None:
    """Statuses that change between two pages are refused, not mixed."""
    world = World()
    async with world.client() as client:
        _ = await begin(world, client, count=2)
        link = (await listed(world, client, "?limit=1")).links["next"]["url"]
        answer = await client.get(link + "&status=cancelled", headers=world.signed_in())

    assert answer.status_code == 422
    assert answer.json()["field_errors"] == {
        "cursor": ["belongs to a list with another status filter"]
    }


async def test_nobody_lists_without_a_token() -> None:
    """Before anything about the query is said."""
    async with World().client() as client:
        answer = await client.get(LIST + "?limit=51")

    assert answer.status_code == 401


@pytest.mark.parametrize("down", ["views", "log"])
async def test_no_list_is_better_than_a_wrong_one(down: str) -> None:
    """Without the views, or without the log that completes them: 503, to be repeated."""
    world = World()
    async with world.client() as client:
        _ = await begin(world, client, count=1)
        await project(world.log, world.views)
        world.views.is_available = down != "views"
        world.log.is_available = down != "log"
        with capture_logs() as lines:
            answer = await listed(world, client)

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert answer.json()["type"] == "urn:concept-refinery:problem:unavailable"
    assert [line["reason"] for line in lines] == ["switched off"]


async def test_views_too_far_behind_are_an_outage() -> None:
    """503 until the projector has caught up; the log line says which outage it is."""
    world = World()
    async with world.client() as client:
        task_id = (await world.refine(client)).json()["task_id"]
        _ = await world.happen(task_id, *[processing()] * TAIL_EVENTS_MAX)
        with capture_logs() as lines:
            behind = await listed(world, client)
        await project(world.log, world.views, count=1)
        after = await listed(world, client)

    assert behind.status_code == 503
    assert behind.headers["Retry-After"] == "5"
    assert behind.json()["detail"] == "The list is being brought up to date. Try again shortly."
    assert [line["reason"] for line in lines] == ["views_behind"]
    assert ids(after) == [task_id]
