"""Following a task from the command line, against the real API on loopback."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Final

import pytest

from events.progress import Progress, Stage
from services.api.process import serve
from services.api.seats import WAITING_PER_USER_MAX
from services.cli.client import ApiClient, TaskAnswer, TaskProgress
from services.cli.display import text_of
from services.cli.errors import CommandFailed
from services.cli.following import Follower, Moment
from tests.system.waiting import eventually
from tests.unit.api_server import client_of, free_port, serving, until_listening
from tests.unit.api_world import World, completed, processing, user_key

BOUND_S: Final = 10.0


class Following:
    """A task that is followed in the background, and what was told of it."""

    def __init__(self) -> None:
        self.moments: list[Moment] = []

    @property
    def statuses(self) -> list[str]:
        """Each status, as often as it was told."""
        return [one.status for one in self.moments if isinstance(one, TaskAnswer)]

    @property
    def stages(self) -> set[str]:
        """The stages that were told."""
        return {one.stage for one in self.moments if isinstance(one, TaskProgress)}

    async def follow(self, api: str, world: World, task_id: str) -> None:
        """Follow to the end."""
        token = world.signed_in()["Authorization"].removeprefix("Bearer ")
        async with (
            ApiClient(api=api, token=token) as client,
            aclosing(Follower(client, task_id).moments()) as moments,
        ):
            async for moment in moments:
                self.moments.append(moment)

    async def told(self, status: str) -> None:
        """Return when a status was told."""
        await eventually(lambda: status in self.statuses, bound_s=BOUND_S, what=status)

    async def shown(self, stage: str) -> None:
        """Return when a stage was told."""
        await eventually(lambda: stage in self.stages, bound_s=BOUND_S, what=stage)


async def begin(url: str, world: World) -> str:
    """A task of Ada's on a served API."""
    async with ApiClient(
        api=url, token=world.signed_in()["Authorization"].removeprefix("Bearer ")
    ) as client:
        task = await client.refine(
            {"original_image_url": "https://example.com/a.png", "refinement_prompt": "flat logo"}
        )
    return task.task_id


async def signal(world: World, task_id: str) -> None:
    """The worker says that it refines."""
    await world.signals.send(
        Progress(
            user_key=user_key(), task_id=task_id, attempt=1, stage=Stage.REFINING, fraction=0.5
        )
    )


async def test_all_that_happens_is_told_once_and_how_far_it_is_in_between() -> None:
    """Each status once, the place in the line, the stage."""
    world, following = World(), Following()
    async with serving(world) as api, asyncio.timeout(BOUND_S), asyncio.TaskGroup() as group:
        task_id = await begin(api.url, world)
        group.create_task(following.follow(api.url, world, task_id))
        await following.shown("queued")
        _ = await world.happen(task_id, processing())
        await following.told("processing")
        await signal(world, task_id)
        await following.shown("refining")
        _ = await world.happen(task_id, completed(task_id))

    assert following.statuses == ["pending", "processing", "completed"]
    assert TaskProgress(stage="queued", fraction=0, position=1) in following.moments
    assert TaskProgress(stage="refining", fraction=0.5) in following.moments


async def test_without_a_stream_the_task_is_asked_for() -> None:
    """Where the API streams no more, statuses and stages come all the same."""
    world, following = World(), Following()
    async with (
        serving(world) as api,
        client_of(api) as streams,
        asyncio.timeout(BOUND_S),
        asyncio.TaskGroup() as group,
    ):
        task_id = await begin(api.url, world)
        for _ in range(WAITING_PER_USER_MAX):
            group.create_task(
                streams.get(
                    f"/api/tasks/{task_id}/events",
                    headers=world.signed_in() | {"Accept": "text/event-stream"},
                    timeout=BOUND_S,
                )
            )
        await eventually(
            lambda: world.feed.watching == WAITING_PER_USER_MAX, bound_s=BOUND_S, what="streams"
        )
        group.create_task(following.follow(api.url, world, task_id))
        await following.shown("queued")
        _ = await world.happen(task_id, processing())
        await following.told("processing")
        await signal(world, task_id)
        await following.shown("refining")
        streams_open = world.feed.watching
        _ = await world.happen(task_id, completed(task_id))

    assert streams_open == WAITING_PER_USER_MAX
    assert following.statuses == ["pending", "processing", "completed"]


async def test_a_restart_of_the_api_is_bridged() -> None:
    """What happens while nobody serves is told afterwards, and nothing is told twice."""
    before, following, port = World(), Following(), free_port()
    async with asyncio.timeout(2 * BOUND_S), asyncio.TaskGroup() as group:
        async with served(before, port) as url:
            task_id = await begin(url, before)
            group.create_task(following.follow(url, before, task_id))
            await following.shown("queued")
        after = World(log=before.log)
        _ = await after.happen(task_id, processing())
        async with served(after, port):
            await following.told("processing")
            _ = await after.happen(task_id, completed(task_id))
            await following.told("completed")

    assert following.statuses == ["pending", "processing", "completed"]


async def test_a_task_that_is_not_there_is_no_reason_to_wait() -> None:
    """What the API refuses ends the following."""
    world = World()
    async with serving(world) as api:
        with pytest.raises(CommandFailed, match="There is no such task"):
            await Following().follow(api.url, world, "task-01900000-0000-7000-8000-000000000000")


@pytest.mark.parametrize(
    ("progress", "text"),
    [
        (TaskProgress(stage="queued", fraction=0), "in the line"),
        (TaskProgress(stage="queued", fraction=0, position=1), "next in the line"),
        (TaskProgress(stage="queued", fraction=0, position=7), "number 7 in the line"),
        (TaskProgress(stage="refining", fraction=0.5), "refining"),
        (TaskProgress(stage="storing", fraction=0.9), "storing the result"),
        (TaskProgress(stage="of [a] later version", fraction=0), r"of \[a] later version"),
    ],
)
def test_progress_in_words(progress: TaskProgress, text: str) -> None:
    """For people; what is not known is shown as it is."""
    assert text_of(progress) == text


@asynccontextmanager
async def served(world: World, port: int) -> AsyncIterator[str]:
    """A world's API on a port that is known beforehand."""
    stop = asyncio.Event()
    serving_it = asyncio.create_task(serve(world.dependencies(port=port), stop))
    await until_listening(port)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        stop.set()
        await serving_it
