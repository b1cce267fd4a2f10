"""HEAD: what GET answers, without the body, at every address that has GET."""

import asyncio
from typing import Final

import httpx
import pytest
from httpx import AsyncClient
from structlog.testing import capture_logs

from tests.unit.api_server import client_of, serving
from tests.unit.api_world import FAILED, REFINE, World

BOUND_S: Final = 10.0
STREAM: Final = {"Accept": "text/event-stream"}
# Differs from request to request, whatever the method.
OF_EACH_REQUEST: Final = {"x-request-id", "date"}


async def every_get(client: AsyncClient, task_id: str) -> list[str]:
    """Every address that the description has a GET for."""
    document = (await client.get("/schema/openapi.json")).json()
    page = (await client.get("/schema")).text
    asset = page.partition('href="/schema/assets/')[2].partition('"')[0]
    return [
        path.replace("{task_id}", task_id).replace("{asset}", asset)
        for path, item in document["paths"].items()
        if "get" in item
    ]


def told_of(answer: httpx.Response) -> tuple[int, dict[str, str]]:
    """The status and the headers of an answer, but for what each request has of its own."""
    headers = {name: value for name, value in answer.headers.items() if name not in OF_EACH_REQUEST}
    return answer.status_code, headers


async def test_head_is_get_without_the_body() -> None:
    """Status and headers are the same everywhere, over a real server, with the length of GET."""
    world = World()
    async with serving(world) as api, client_of(api) as client:
        task_id = (await world.refine(client)).json()["task_id"]
        _ = await world.happen(task_id, FAILED)
        paths = await every_get(client, task_id)
        pairs = {
            path: [
                await client.request(method, path, headers=world.signed_in())
                for method in ("GET", "HEAD")
            ]
            for path in paths
        }

    assert len(pairs) == 12
    for with_body, without in pairs.values():
        assert with_body.status_code == 200
        assert int(without.headers["Content-Length"]) == len(with_body.content) > 0
        assert without.content == b""
        assert told_of(without) == told_of(with_body)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/nothing", 404),
        ("/api/tasks/task-1", 404),
        ("/api/tasks?limit=0", 422),
        (REFINE, 405),
        ("/api/tasks/task-1/cancel", 405),
    ],
)
async def test_head_of_what_is_refused(path: str, status: int) -> None:
    """An error has the headers of the error that GET has, and no body either."""
    world = World()
    async with world.client() as client:
        with_body = await client.get(path, headers=world.signed_in())
        without = await client.head(path, headers=world.signed_in())

    assert without.status_code == status
    assert without.content == b""
    assert told_of(without) == told_of(with_body)


async def test_head_needs_the_token_that_get_needs() -> None:
    """The headers of a task are its owner's."""
    async with World().client() as client:
        answer = await client.head("/api/tasks")

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_head_of_a_known_body_is_304() -> None:
    """Conditions are those of GET."""
    world = World()
    async with world.client() as client:
        task_id = (await world.refine(client)).json()["task_id"]
        tag = (await client.head(f"/api/tasks/{task_id}", headers=world.signed_in())).headers[
            "ETag"
        ]
        known = world.signed_in() | {"If-None-Match": tag}
        answer = await client.head(f"/api/tasks/{task_id}", headers=known)

    assert answer.status_code == 304


async def test_head_of_a_stream_opens_none() -> None:
    """The headers come at once though the task goes on, and nothing waits behind them."""
    world = World()
    async with serving(world) as api, client_of(api) as client, asyncio.timeout(BOUND_S):
        task_id = (await world.refine(client)).json()["task_id"]
        path, headers = f"/api/tasks/{task_id}/events", world.signed_in() | STREAM
        async with client.stream("GET", path, headers=headers) as stream:
            expected = told_of(stream)
        answers = [await client.head(path, headers=headers) for _ in range(50)]

    assert {answer.status_code for answer in answers} == {200}
    assert all(answer.content == b"" for answer in answers)
    assert answers[0].headers["Content-Type"] == "text/event-stream"
    assert "Content-Length" not in answers[0].headers
    assert told_of(answers[0]) == (
        expected[0],
        {name: value for name, value in expected[1].items() if name != "transfer-encoding"},
    )


async def test_the_log_tells_head_from_get() -> None:
    """The line of a request has its own method, and the route that answered."""
    async with World().client() as client:
        with capture_logs() as lines:
            _ = await client.head("/schema/openapi.json")

    assert [(line["method"], line["route"], line["status"]) for line in lines] == [
        ("HEAD", "/schema/openapi.json", 200)
    ]
