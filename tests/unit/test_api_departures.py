"""Clients that go away while they wait: over a real server, they leave nothing behind."""

import asyncio
from collections.abc import Mapping
from typing import Final

import msgspec
import pytest
from litestar.types import HTTPReceiveMessage

from services.api.departures import until_gone
from services.api.edge import BodyAborted, BodyStalled
from services.api.seats import WAITING_PER_USER_MAX
from tests.system.waiting import eventually
from tests.unit.api_server import Serving, client_of, serving
from tests.unit.api_world import REFINE, SEED_REQUEST, World

BOUND_S: Final = 10.0
LONG: Final = {"Prefer": "wait=60"}
STREAM: Final = {"Accept": "text/event-stream"}


class Visitor:
    """One connection with one request on it, which is given up without a word."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    @classmethod
    async def ask(
        cls, api: Serving, method: str, path: str, headers: Mapping[str, str], body: bytes = b""
    ) -> "Visitor":
        """Send a request; the answer is left for nobody to read."""
        _, writer = await asyncio.open_connection("127.0.0.1", api.port)
        lines = [f"{method} {path} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        await writer.drain()
        return cls(writer)

    async def leave(self) -> None:
        """Close the connection."""
        self._writer.close()
        await self._writer.wait_closed()


async def watched(world: World, count: int) -> None:
    """Return when so many requests wait."""
    await eventually(
        lambda: world.feed.watching == count, bound_s=BOUND_S, what=f"{count} requests wait"
    )


@pytest.mark.parametrize("kind", ["stream", "wait", "post"])
async def test_who_goes_away_frees_the_place(kind: str) -> None:
    """As many as one user may have come and go at once; then there is room for as many again."""
    world = World()
    async with serving(world) as api, client_of(api) as client:
        task_id = (await world.refine(client)).json()["task_id"]
        path, headers, body, method = f"/api/tasks/{task_id}", world.signed_in(), b"", "GET"
        match kind:
            case "stream":
                path, headers = f"{path}/events", headers | STREAM
            case "wait":
                headers |= LONG
            case _:
                # The same request under its key again, so that it waits for the same task.
                _ = await client.post(f"{path}/cancel", headers=headers)
                method, path, body = "POST", REFINE, msgspec.json.encode(SEED_REQUEST)
                headers |= LONG | {"Content-Type": "application/json", "Idempotency-Key": "once"}
        for _ in range(2):
            visitors = [
                await Visitor.ask(api, method, path, headers, body)
                for _ in range(WAITING_PER_USER_MAX)
            ]
            await watched(world, WAITING_PER_USER_MAX)
            async with asyncio.TaskGroup() as group:
                for visitor in visitors:
                    group.create_task(visitor.leave())
            await watched(world, 0)


async def test_who_stays_still_gets_the_answer() -> None:
    """One of two who wait goes away, and the other is told."""
    world = World()
    async with serving(world) as api, client_of(api) as client:
        task_id = (await world.refine(client)).json()["task_id"]
        path, headers = f"/api/tasks/{task_id}", world.signed_in() | LONG
        staying = asyncio.create_task(client.get(path, headers=headers, timeout=BOUND_S))
        visitor = await Visitor.ask(api, "GET", path, headers)
        await watched(world, 2)
        await visitor.leave()
        await watched(world, 1)
        _ = await client.post(f"{path}/cancel", headers=world.signed_in())
        answer = await staying

    assert answer.json()["status"] == "cancelled"
    assert answer.headers["Preference-Applied"] == "wait=60"


@pytest.mark.parametrize("error", [BodyAborted(), BodyStalled(timeout_s=10)])
async def test_who_sends_half_a_body_is_gone(error: Exception) -> None:
    """Nobody is held a place for who announces a body, sends some of it, and stops."""
    sent: list[HTTPReceiveMessage] = [{"type": "http.request", "body": b"x", "more_body": True}]

    async def receive() -> HTTPReceiveMessage:
        if sent:
            return sent.pop()
        raise error

    async with asyncio.timeout(BOUND_S):
        await until_gone(receive)

    assert sent == []
