"""POST /api/concepts/refine with an `engine`: what may be asked for, and where it is shown."""

from typing import Any

import pytest

from events.codec import decode
from events.task import TaskRequested
from services.runtime.settings import EngineSettings
from tests.unit.api_world import FAILED, SEED_REQUEST, World, user_key

CHOICE = EngineSettings(engine="local", engines_allowed="openai,replicate")


async def requested_of(world: World, task_id: str) -> TaskRequested:
    """The event that a task began with."""
    stored = await world.log.read_history(user_key=user_key(), task_id=task_id)
    request = decode(stored[0]).event.data
    assert isinstance(request, TaskRequested)
    return request


@pytest.mark.parametrize("engine", ["openai", "local"])
async def test_an_engine_that_is_offered_is_recorded_and_shown(engine: str) -> None:
    """In the event, and in the metadata of the task; also the default, if it was asked for."""
    world = World(engines=CHOICE)
    async with world.client() as client:
        answer = await world.refine(client, request=SEED_REQUEST | {"engine": engine})
        task_id = answer.json()["task_id"]
        read = await client.get(f"/api/tasks/{task_id}", headers=world.signed_in())

    assert answer.status_code == 202
    assert answer.json()["metadata"] == read.json()["metadata"]
    assert answer.json()["metadata"] == SEED_REQUEST | {"engine": engine}
    assert (await requested_of(world, task_id)).engine == engine


@pytest.mark.parametrize("nothing", [{}, {"engine": None}])
async def test_who_asks_for_no_engine_sees_none(nothing: dict[str, Any]) -> None:
    """The event and the body are what they were before there was a choice."""
    world = World(engines=CHOICE)
    async with world.client() as client:
        answer = await world.refine(client, request=SEED_REQUEST | nothing)

    [stored] = await world.log.read_history(user_key=user_key(), task_id=answer.json()["task_id"])
    assert answer.json()["metadata"] == SEED_REQUEST
    assert b"engine" not in stored.body


@pytest.mark.parametrize(
    ("engines", "message"),
    [
        (CHOICE, "must be one of: local, openai, replicate"),
        (EngineSettings(), "must be one of: local"),
        (EngineSettings(engine="null"), "cannot be chosen"),
    ],
)
@pytest.mark.parametrize("engine", ["jigsawstack", "null", "dall-e", "", 7, ["openai"]])
async def test_an_engine_that_is_not_offered_is_422_and_costs_nothing(
    engine: object, engines: EngineSettings, message: str
) -> None:
    """The answer lists what may be asked for and nothing else; the log stays empty."""
    world = World(engines=engines)
    async with world.client() as client:
        answer = await world.refine(client, request=SEED_REQUEST | {"engine": engine})

    assert answer.status_code == 422
    assert answer.json()["field_errors"] == {"engine": [message]}
    assert await world.log.head() == 0


async def test_the_engine_is_part_of_what_an_idempotency_key_stands_for() -> None:
    """The same request with another engine is another request."""
    world = World(engines=CHOICE)
    request = SEED_REQUEST | {"engine": "openai"}
    async with world.client() as client:
        first = await world.refine(client, request=request, key="key-1")
        _ = await world.happen(first.json()["task_id"], FAILED)
        again = await world.refine(client, request=request, key="key-1")
        other = await world.refine(
            client, request=SEED_REQUEST | {"engine": "replicate"}, key="key-1"
        )
        none = await world.refine(client, key="key-1")

    assert again.json()["task_id"] == first.json()["task_id"]
    assert [other.status_code, none.status_code] == [422, 422]
    assert other.json()["type"] == "urn:concept-refinery:problem:idempotency-key-reused"
