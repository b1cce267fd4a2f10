"""A task's events: as JSON, and as a stream that is resumed and comes to an end."""

import asyncio
from collections.abc import Awaitable
from typing import Final, TypeVar

import msgspec
import pytest
from httpx import AsyncClient, Response

from services.api.event_streams import EventStreams
from services.api.seats import WAITING_PER_USER_MAX, Seats
from tests.system.waiting import eventually
from tests.unit.api_world import FAILED, World, completed, processing, user_key

BOUND_S: Final = 10.0
STREAM: Final = {"Accept": "text/event-stream"}

Answer = TypeVar("Answer")


async def bounded(awaited: Awaitable[Answer]) -> Answer:
    """What is awaited, if it comes at all."""
    async with asyncio.timeout(BOUND_S):
        return await awaited


async def begin(world: World, client: AsyncClient) -> str:
    """A task of Ada's."""
    return str((await world.refine(client)).json()["task_id"])


def events_of(answer: Response) -> list[tuple[int, str, str]]:
    """The id, the name and the type in the data of each event of a stream."""
    found = []
    for block in answer.text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if line[:1] != ":")
        if "id" in fields:
            data = msgspec.json.decode(fields["data"])
            found.append((int(fields["id"]), fields["event"], data["type"]))
    return found


async def test_history_shows_each_event_as_it_lies_in_the_log() -> None:
    """The JSON has positions and the stored bytes themselves, oldest first."""
    world = World()
    async with world.client() as client:
        task_id = await begin(world, client)
        _ = await world.happen(task_id, processing(), completed(task_id))
        answer = await client.get(f"/api/tasks/{task_id}/events", headers=world.signed_in())

    stored = await world.log.read_history(user_key=user_key(), task_id=task_id)
    entries = msgspec.json.decode(answer.content, type=list[dict[str, msgspec.Raw]])
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert [bytes(one["event"]) for one in entries] == [one.body for one in stored]
    assert [int(bytes(one["position"])) for one in entries] == [1, 2, 3]


async def test_a_stream_gives_history_then_what_happens_and_then_ends() -> None:
    """Each event comes once, in order, with its position; after the last the stream is over."""
    world = World()
    async with world.client() as client:
        task_id = await begin(world, client)
        _ = await world.happen(task_id, processing())
        streaming = asyncio.create_task(
            client.get(f"/api/tasks/{task_id}/events", headers=world.signed_in() | STREAM)
        )
        await eventually(
            lambda: world.feed.watching == 1, bound_s=BOUND_S, what="the stream that waits"
        )
        _ = await world.happen(task_id, completed(task_id))
        answer = await bounded(streaming)

    assert answer.headers["Content-Type"] == "text/event-stream"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Content-Length" not in answer.headers
    assert answer.text.startswith("retry: 2000\n\n")
    assert events_of(answer) == [
        (1, "requested", "concepts.task.requested.v1"),
        (2, "processing", "concepts.task.processing.v1"),
        (3, "completed", "concepts.task.completed.v1"),
    ]
    assert world.feed.watching == 0


@pytest.mark.parametrize(
    ("last", "positions"),
    [
        ("1", [2, 3]),
        ("2", [3]),
        # What names no event of the task begins anew: twice is better than never.
        ("0", [1, 2, 3]),
        ("7", [1, 2, 3]),
        ("x", [1, 2, 3]),
        ("-1", [1, 2, 3]),
        ("9" * 30, [1, 2, 3]),
    ],
)
async def test_a_stream_is_resumed_behind_what_the_client_has(
    last: str, positions: list[int]
) -> None:
    """`Last-Event-ID` is the position of the last event that arrived."""
    world = World()
    async with world.client() as client:
        task_id = await begin(world, client)
        _ = await world.happen(task_id, processing(), FAILED)
        headers = world.signed_in() | STREAM | {"Last-Event-ID": last}
        answer = await bounded(client.get(f"/api/tasks/{task_id}/events", headers=headers))

    assert [position for position, _, _ in events_of(answer)] == positions


async def test_a_stream_read_to_its_end_is_not_begun_again() -> None:
    """A browser that comes back after the last event is told to stay away."""
    world = World()
    async with world.client() as client:
        task_id = await begin(world, client)
        _ = await world.happen(task_id, processing(), FAILED)
        headers = world.signed_in() | STREAM | {"Last-Event-ID": "3"}
        answer = await client.get(f"/api/tasks/{task_id}/events", headers=headers)

    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize(
    ("accept", "is_stream"),
    [
        ("text/event-stream", True),
        ("application/json;q=0.5, text/event-stream", True),
        ("TEXT/Event-Stream;q=0.5", True),
        ("text/event-stream;q=0", False),
        ("text/event-stream;q=0.0, */*", False),
        ("text/event-streams", False),
        ("*/*", False),
        ("application/json", False),
    ],
)
async def test_a_stream_is_for_those_who_accept_one(accept: str, *, is_stream: bool) -> None:
    """Everybody else gets JSON."""
    world = World()
    async with world.client() as client:
        task_id = await begin(world, client)
        _ = await world.happen(task_id, processing(), FAILED)
        headers = world.signed_in() | {"Accept": accept}
        answer = await bounded(client.get(f"/api/tasks/{task_id}/events", headers=headers))

    assert (answer.headers["Content-Type"] == "text/event-stream") is is_stream


async def test_a_quiet_stream_shows_that_it_lives() -> None:
    """Comments come while nothing happens, so that nothing on the way takes it for dead."""
    world = World()
    async with world.client() as client:
        task_id = await begin(world, client)
        streams = EventStreams(
            log=world.log,
            feed=world.feed,
            line=world.line,
            seats=Seats(total=1),
            heartbeat_s=0.01,
        )
        frames = streams.frames(user_key=user_key(), task_id=task_id, after=1)
        start, place, comment = [await bounded(anext(frames)) for _ in range(3)]
        await frames.aclose()

    assert start == b"retry: 2000\n\n"
    assert place.startswith(b"event: progress\ndata: ")
    assert comment.startswith(b":")
    assert world.feed.watching == 0


async def test_one_user_may_have_so_many_streams() -> None:
    """One stream too many is refused, until another one ends."""
    world = World()
    async with world.client() as client:
        task_id = await begin(world, client)

        async def stream() -> Response:
            return await client.get(
                f"/api/tasks/{task_id}/events", headers=world.signed_in() | STREAM
            )

        streaming = [asyncio.create_task(stream()) for _ in range(WAITING_PER_USER_MAX)]
        await eventually(
            lambda: world.feed.watching == WAITING_PER_USER_MAX, bound_s=BOUND_S, what="streams"
        )
        one_more = await bounded(stream())
        _ = await world.happen(task_id, processing(), FAILED)
        answers = await bounded(asyncio.gather(*streaming))
        again = await bounded(stream())

    assert one_more.status_code == 429
    assert one_more.json()["type"].endswith(":too-many-waiting")
    assert one_more.headers["Retry-After"] == "5"
    assert {len(events_of(one)) for one in answers} == {3}
    assert again.status_code == 200
