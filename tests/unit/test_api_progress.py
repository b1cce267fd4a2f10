"""How far a task is: its place in the line, and what its worker signals, in bodies and streams."""

import asyncio
from typing import Final

import msgspec
import pytest
from httpx import AsyncClient

from events.log import StoredEvent
from events.progress import Progress, Stage
from events.subjects import EventSubject, event_subject, parse_subject
from events.task import Task, TaskRetrying, fold
from projections.memory import MemoryViewStore
from services.api.line import WaitingLine
from tests import controls
from tests.system.waiting import eventually
from tests.unit.api_world import FAILED, START, World, processing, user_key

BOUND_S: Final = 10.0
RETRYING: Final = TaskRetrying(
    attempt=1, error_code="engine_unavailable", error_message="Later", next_attempt_at=START
)


async def begin(world: World, client: AsyncClient, user: str = "ada") -> str:
    """A task."""
    return str((await world.refine(client, user=user)).json()["task_id"])


async def signal(
    world: World, task_id: str, fraction: float, *, attempt: int = 1, stage: Stage = Stage.REFINING
) -> None:
    """A worker tells how far it is, and the API has heard it."""
    progress = Progress(
        task_id=task_id, user_key=user_key(), attempt=attempt, stage=stage, fraction=fraction
    )
    await world.signals.send(progress)
    await eventually(
        lambda: world.feed.progress_of(task_id) == progress, bound_s=BOUND_S, what="the signal"
    )


async def show(world: World, client: AsyncClient, task_id: str, user: str = "ada") -> object:
    """What a body says of the progress."""
    answer = await client.get(f"/api/tasks/{task_id}", headers=world.signed_in(user))
    return answer.json().get("progress")


async def test_a_task_at_work_shows_its_stage_and_fraction() -> None:
    """The last signal is in the body, to the hundredth, and makes it another body."""
    world = World()
    async with world.client() as client:
        task_id = await begin(world, client)
        _ = await world.happen(task_id, processing())
        await signal(world, task_id, 0.12345, stage=Stage.FETCHING)
        before = await client.get(f"/api/tasks/{task_id}", headers=world.signed_in())
        await signal(world, task_id, 0.5)
        known = {"If-None-Match": before.headers["ETag"]}
        after = await client.get(f"/api/tasks/{task_id}", headers=world.signed_in() | known)

    assert before.json()["progress"] == {"stage": "fetching", "fraction": 0.12}
    assert after.status_code == 200
    assert after.json()["progress"] == {"stage": "refining", "fraction": 0.5}


@pytest.mark.parametrize("change", [RETRYING, FAILED])
async def test_what_was_signalled_of_an_attempt_ends_with_it(change: TaskRetrying) -> None:
    """A task that is not worked on shows no stage of the work."""
    world = World()
    async with world.client() as client:
        task_id = await begin(world, client)
        _ = await world.happen(task_id, processing())
        await signal(world, task_id, 0.5)
        _ = await world.happen(task_id, change)
        shown = await show(world, client, task_id)

    assert shown is None


async def test_a_signal_of_another_attempt_is_not_shown() -> None:
    """What an attempt said that has lost the task is not how far the task is."""
    world = World()
    async with world.client() as client:
        task_id = await begin(world, client)
        _ = await world.happen(task_id, processing())
        await signal(world, task_id, 0.9, attempt=2)
        shown = await show(world, client, task_id)

    assert shown is None


async def test_who_waits_sees_the_place_in_the_line() -> None:
    """The first of the waiting is 1; when a worker begins with it, the others move up."""
    world = World()
    async with world.client() as client:
        ada = await begin(world, client)
        bob = await begin(world, client, "bob")
        await eventually(
            lambda: world.line.place_of(3) == 3, bound_s=BOUND_S, what="both in the line"
        )
        before = [await show(world, client, ada), await show(world, client, bob, "bob")]
        _ = await world.happen(ada, processing())
        await eventually(lambda: world.line.place_of(2) == 1, bound_s=BOUND_S, what="one left")
        after = await show(world, client, bob, "bob")

    assert before == [
        {"stage": "queued", "fraction": 0.0, "position": 1},
        {"stage": "queued", "fraction": 0.0, "position": 2},
    ]
    assert after == {"stage": "queued", "fraction": 0.0, "position": 1}


async def test_a_stream_tells_of_progress_without_ids() -> None:
    """Signals come between the events; a client that resumes is not led astray by them."""
    world = World()
    async with world.client() as client:
        task_id = await begin(world, client)
        headers = world.signed_in() | {"Accept": "text/event-stream"}
        streaming = asyncio.create_task(client.get(f"/api/tasks/{task_id}/events", headers=headers))
        await eventually(lambda: world.feed.watching == 1, bound_s=BOUND_S, what="a stream")
        _ = await world.happen(task_id, processing())
        await signal(world, task_id, 0.25)
        await signal(world, task_id, 0.75)
        _ = await world.happen(task_id, FAILED)
        async with asyncio.timeout(BOUND_S):
            answer = await streaming

    blocks = [
        block.splitlines() for block in answer.text.split("\n\n") if "event: progress" in block
    ]
    shown = [msgspec.json.decode(lines[1].removeprefix("data: ")) for lines in blocks]
    assert all(len(lines) == 2 for lines in blocks)
    assert shown[0] == {"stage": "queued", "fraction": 0.0, "position": 1}
    assert shown[-1] == {"stage": "refining", "fraction": 0.75}


def requested(number: int, position: int) -> tuple[EventSubject, StoredEvent]:
    """The request of a task as the feed sees it."""
    request = controls.request(number)
    subject = event_subject(
        user_key=controls.user_key(1), task_id=request.task_id, event="requested"
    )
    return parse_subject(subject), StoredEvent(position=position, subject=subject, body=b"")


async def test_the_line_is_filled_from_the_views() -> None:
    """Who waited before this process began counts, and so does who came since."""
    views = MemoryViewStore()
    waiting = fold(controls.history()[:1])
    assert isinstance(waiting, Task)
    await views.write([waiting])
    line = WaitingLine(views)
    line.see(*requested(7, waiting.position + 5))

    filling = asyncio.create_task(line.keep_filled())
    await eventually(
        lambda: line.place_of(waiting.position + 6) == 3, bound_s=BOUND_S, what="a filled line"
    )
    _ = filling.cancel()

    assert line.place_of(waiting.position) == 1
    assert line.place_of(waiting.position + 5) == 2
