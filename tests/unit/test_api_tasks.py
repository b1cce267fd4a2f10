"""GET a task: what its owner sees at each stage, from the views and from the log."""

from typing import Final

import msgspec
import pytest

from events.task import TaskRemoved, TaskRetrying
from services.adapters.storage import thumbnail_key, vector_key
from tests.unit.api_world import (
    FAILED,
    SEED_REQUEST,
    START,
    World,
    completed,
    processing,
    user_key,
)

UNKNOWN: Final = "task-01960000-0000-7000-8000-000000000001"
ROUTES: Final = ("/api/tasks/", "/api/concepts/task/")


@pytest.mark.parametrize("route", ROUTES)
async def test_found_right_after_the_202_without_any_projector(route: str) -> None:
    """A task is there from the moment its 202 left, under both addresses."""
    world = World()
    async with world.client() as client:
        accepted = await world.refine(client)
        task_id = accepted.json()["task_id"]
        answer = await client.get(route + task_id, headers=world.signed_in())

    assert answer.status_code == 200
    queued = {"stage": "queued", "fraction": 0.0, "position": 1}
    changed = {"message": "Task is pending", "progress": queued}
    assert answer.json() == accepted.json() | changed
    assert dict(answer.headers) == {
        "cache-control": "no-store",
        "content-type": "application/json",
        "content-length": str(len(answer.content)),
        "etag": 'W/"1-q01"',
        "retry-after": "2",
        "x-request-id": answer.headers["X-Request-Id"],
    }


async def test_completed_shows_the_result_and_a_fresh_url() -> None:
    """A completed task has its result in full, and a picture URL that was signed for this read."""
    world = World()
    async with world.client() as client:
        task_id = (await world.refine(client)).json()["task_id"]
        task = await world.happen(task_id, processing(), completed(task_id))
        answer = await client.get(f"/api/tasks/{task_id}", headers=world.signed_in())

    assert task.result is not None
    key = task.result.image.key
    url = await world.store.presign(key, expires_s=3600)
    body = answer.json()
    assert list(body) == [
        "task_id",
        "status",
        "message",
        "type",
        "created_at",
        "updated_at",
        "completed_at",
        "metadata",
        "result",
        "result_id",
        "image_url",
    ]
    assert body["status"] == "completed"
    assert body["message"] == "Task is completed"
    assert body["metadata"] == SEED_REQUEST
    assert body["updated_at"] == body["completed_at"] == "2026-03-14T09:26:55.589793Z"
    assert body["result_id"] == "concept-1"
    assert body["image_url"] == url
    assert body["result"] == {
        "concept_id": "concept-1",
        "image_url": url,
        "image_path": key,
        "content_type": "image/png",
        "width": 640,
        "height": 480,
        "bytes": 12345,
        "sha256": "a" * 64,
        "original": {
            "content_type": "image/jpeg",
            "width": 1280,
            "height": 960,
            "bytes": 54321,
            "sha256": "b" * 64,
        },
        "engine": {"name": "local", "version": "1"},
        "plan": {"applied": ["minimalist"]},
        "durations_ms": {"fetch": 12.5, "refine": 250.25, "store": 3.75},
    }


async def test_a_thumbnail_has_a_signed_url_of_its_own() -> None:
    """It is there where the event names a thumbnail, and no key of it otherwise."""
    world = World()
    async with world.client() as client:
        task_id = (await world.refine(client)).json()["task_id"]
        plain = completed(task_id)
        key = thumbnail_key(user_key=user_key(), task_id=task_id, attempt=1)
        thumbnail = msgspec.structs.replace(plain.image, key=key)
        done = msgspec.structs.replace(plain, thumbnail=thumbnail)
        _ = await world.happen(task_id, processing(), done)
        answer = await client.get(f"/api/tasks/{task_id}", headers=world.signed_in())

    url = answer.json()["result"]["thumbnail_url"]
    assert world.store.key_of(url) == key
    assert "X-Amz-Signature" in url


async def test_an_svg_has_a_signed_url_of_its_own() -> None:
    """It is there where the event names one, and no key of it otherwise."""
    world = World()
    async with world.client() as client:
        task_id = (await world.refine(client)).json()["task_id"]
        plain = completed(task_id)
        key = vector_key(user_key=user_key(), task_id=task_id, attempt=1)
        vector = msgspec.structs.replace(plain.image, key=key, content_type="image/svg+xml")
        done = msgspec.structs.replace(plain, vector=vector)
        _ = await world.happen(task_id, processing(), done)
        answer = await client.get(f"/api/tasks/{task_id}", headers=world.signed_in())

    result = answer.json()["result"]
    assert world.store.key_of(result["vector_url"]) == key
    assert "X-Amz-Signature" in result["vector_url"]
    assert "thumbnail_url" not in result


async def test_failed_shows_its_code_and_message() -> None:
    """A failed task says why, and when it ended."""
    world = World()
    async with world.client() as client:
        task_id = (await world.refine(client)).json()["task_id"]
        _ = await world.happen(task_id, processing(), FAILED)
        answer = await client.get(f"/api/tasks/{task_id}", headers=world.signed_in())

    body = answer.json()
    assert body["status"] == "failed"
    assert body["message"] == "Task is failed"
    assert body["error_code"] == "image_not_found"
    assert body["error_message"] == "No image"
    assert list(body)[-4:] == ["metadata", "error_code", "error_message", "quota_refunded"]
    assert body["quota_refunded"] is False
    assert "result" not in body


async def test_retrying_shows_the_passing_reason() -> None:
    """While a task waits for its next attempt, its owner sees what went wrong."""
    world = World()
    retrying = TaskRetrying(
        attempt=1, error_code="engine_unavailable", error_message="Busy", next_attempt_at=START
    )
    async with world.client() as client:
        task_id = (await world.refine(client)).json()["task_id"]
        _ = await world.happen(task_id, processing(), retrying)
        answer = await client.get(f"/api/tasks/{task_id}", headers=world.signed_in())

    assert answer.json()["status"] == "retrying"
    assert answer.json()["error_code"] == "engine_unavailable"
    assert "completed_at" not in answer.json()


async def test_found_in_the_views_without_the_log() -> None:
    """What the views have is answered though the log is away."""
    world = World()
    async with world.client() as client:
        task_id = (await world.refine(client)).json()["task_id"]
        task = await world.happen(task_id, processing())
        await world.views.write([task])
        world.log.is_available = False
        answer = await client.get(f"/api/tasks/{task_id}", headers=world.signed_in())

    assert answer.status_code == 200
    assert answer.json()["status"] == "processing"


async def test_found_in_the_log_without_the_views() -> None:
    """What the views cannot tell is folded from the log."""
    world = World()
    async with world.client() as client:
        task_id = (await world.refine(client)).json()["task_id"]
        world.views.is_available = False
        answer = await client.get(f"/api/tasks/{task_id}", headers=world.signed_in())

    assert answer.status_code == 200


async def test_unavailable_without_the_views_and_the_log() -> None:
    """If nobody can tell, the answer is not 404 but 503."""
    world = World()
    world.views.is_available = False
    world.log.is_available = False
    async with world.client() as client:
        answer = await client.get(f"/api/tasks/{UNKNOWN}", headers=world.signed_in())

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert answer.json()["type"] == "urn:concept-refinery:problem:unavailable"


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("in_views", [True, False])
async def test_another_users_task_is_answered_like_an_unknown_one(
    route: str, *, in_views: bool
) -> None:
    """Nobody learns whether an id exists: status, headers and body are those of an unknown id."""
    world, empty = World(), World()
    async with world.client() as client, empty.client() as nowhere:
        task_id = (await world.refine(client)).json()["task_id"]
        if in_views:
            await world.views.write([await world.happen(task_id)])
        headers = world.signed_in("grace") | {"X-Request-Id": "same"}
        of_another = await client.get(route + task_id, headers=headers)
        unknown = await nowhere.get(route + task_id, headers=headers)

    assert of_another.status_code == unknown.status_code == 404
    assert of_another.content == unknown.content
    assert of_another.headers == unknown.headers
    assert of_another.json() == {
        "type": "urn:concept-refinery:problem:task-not-found",
        "title": "Task not found",
        "status": 404,
        "detail": "There is no such task.",
        "instance": route + task_id,
    }
    assert of_another.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("in_views", [True, False])
async def test_removed_is_not_found(*, in_views: bool) -> None:
    """A removed task is gone for its owner, in the views and in the log."""
    world = World()
    async with world.client() as client:
        task_id = (await world.refine(client)).json()["task_id"]
        task = await world.happen(task_id, FAILED, TaskRemoved(quota_refunded=False))
        if in_views:
            await world.views.write([task])
        answer = await client.get(f"/api/tasks/{task_id}", headers=world.signed_in())

    assert answer.status_code == 404


MALFORMED: Final = (
    "1",
    "task-1234-5678-9012-3456",
    UNKNOWN.upper(),
    UNKNOWN + "0",
    UNKNOWN + ".%3E",
    "%2A",
    "%3E",
    "%00",
    "%0d%0aSet-Cookie:%20a=b",
    "%F0%9F%8E%A8",
    "%ff",
    "'%7B%22$ne%22:1%7D'",
    "x" * 5000,
)


async def test_malformed_id_is_not_found() -> None:
    """What is no task id never reaches the views or the log, and is answered like an unknown id."""
    world = World()
    world.views.is_available = False
    world.log.is_available = False
    async with world.client() as client:
        answers = [
            await client.get(f"/api/tasks/{task_id}", headers=world.signed_in())
            for task_id in MALFORMED
        ]

    assert [answer.status_code for answer in answers] == [404] * len(MALFORMED)
    for answer in answers:
        assert answer.json()["type"] == "urn:concept-refinery:problem:task-not-found"
        assert answer.json()["detail"] == "There is no such task."
        assert answer.json()["instance"].isascii()
