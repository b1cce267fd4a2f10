"""POST /api/concepts/refine with an Idempotency-Key: the same request again, and its neighbours."""

import asyncio
from typing import Final

import pytest

from events.task import TaskRemoved
from tests.unit.api_world import (
    BUCKET,
    FAILED,
    REFINE,
    SEED_REQUEST,
    World,
    completed,
    processing,
    user_key,
)

TASK: Final = "task-01960000-0000-7000-8000-000000000001"


@pytest.mark.parametrize("again", ["key-1", '"key-1"'])
async def test_replay_answers_with_the_same_task_as_it_stands_now(again: str) -> None:
    """The same key and request again: the same task, marked as a replay, at no cost."""
    world = World()
    async with world.client() as client:
        first = await world.refine(client, key="key-1")
        at_once = await world.refine(client, key=again)
        task_id = first.json()["task_id"]
        _ = await world.happen(task_id, processing(), completed(task_id))
        later = await world.refine(client, key=again)
        elsewhere = await world.refine(client, key=again, user="grace")

    assert "Idempotent-Replayed" not in first.headers
    assert at_once.status_code == later.status_code == 202
    assert at_once.content == first.content
    assert at_once.headers["Idempotent-Replayed"] == "true"
    assert at_once.headers["Location"] == f"/api/tasks/{task_id}"
    assert at_once.headers["Retry-After"] == "2"
    assert later.json()["status"] == "completed"
    assert later.json()["message"] == "Task is completed"
    assert later.json()["task_id"] == task_id
    assert later.headers["X-RateLimit-Remaining"] == "9"
    assert elsewhere.json()["task_id"] != task_id
    assert "Idempotent-Replayed" not in elsewhere.headers


@pytest.mark.parametrize(
    ("bare", "quoted"),
    [("key-1", '"key-1"'), (r"a\b", r'"a\\b"'), ('a"b', r'"a\"b"')],
)
async def test_a_quoted_key_is_the_bare_one_without_its_escapes(bare: str, quoted: str) -> None:
    """How a key is written is no part of it; what can be written bare is the same key in quotes."""
    world = World()
    async with world.client() as client:
        first = await world.refine(client, key=bare)
        again = await world.refine(client, key=quoted)

    assert again.json()["task_id"] == first.json()["task_id"]
    assert again.headers["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize(
    ("key", "task_id"),
    [
        ("key-1", "task-8f749851-808d-5a60-9fc7-cc9fafead3c7"),
        ('"key-1"', "task-8f749851-808d-5a60-9fc7-cc9fafead3c7"),
        (r"a\b", "task-3e25e8e3-1851-5db4-9943-7416fca4f141"),
        ('a"b', "task-c5cb6a76-ae4c-520b-aebf-b7ce23f394d3"),
    ],
)
async def test_keys_of_earlier_versions_keep_their_tasks(key: str, task_id: str) -> None:
    """A key that was used before an update is the key of the same task after it."""
    world = World()
    async with world.client() as client:
        answer = await world.refine(client, key=key)

    assert answer.json()["task_id"] == task_id


async def test_replay_comes_before_everything_else_that_could_refuse() -> None:
    """A retry is answered though the quota is spent and the original is gone."""
    world = World()
    key = f"concepts/{user_key()}/{TASK}/1.png"
    world.store.objects[key] = (b"png", "image/png")
    request = SEED_REQUEST | {"original_image_url": BUCKET + key}
    async with world.client() as client:
        for number in range(10):
            accepted = await world.refine(client, request=request, key=f"key-{number}")
            _ = await world.happen(accepted.json()["task_id"], FAILED)
        world.store.objects.clear()
        replayed = await world.refine(client, request=request, key="key-0")

    assert replayed.status_code == 202
    assert replayed.headers["Idempotent-Replayed"] == "true"
    assert replayed.headers["X-RateLimit-Remaining"] == "0"


async def test_replays_at_once_make_one_task() -> None:
    """A request and its impatient retries become one task, and all are told of it."""
    world = World()
    async with world.client() as client:
        answers = await asyncio.gather(*(world.refine(client, key="key-1") for _ in range(20)))

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["task_id"] for answer in answers}) == 1
    assert sum("Idempotent-Replayed" not in answer.headers for answer in answers) == 1


async def test_replay_of_another_request_is_a_mismatch() -> None:
    """A key stands for one request; another one under it is refused, at no cost."""
    world = World()
    async with world.client() as client:
        _ = await world.refine(client, key="key-1")
        answer = await world.refine(
            client, key="key-1", request=SEED_REQUEST | {"refinement_prompt": "something else"}
        )

    assert answer.status_code == 422
    assert answer.json() == {
        "type": "urn:concept-refinery:problem:idempotency-key-reused",
        "title": "Idempotency key reused",
        "status": 422,
        "detail": "This Idempotency-Key was used before for a different request.",
        "instance": REFINE,
    }
    assert answer.headers["X-RateLimit-Remaining"] == "9"
    assert answer.headers["Content-Type"] == "application/problem+json"


async def test_replay_of_a_removed_task_is_not_found() -> None:
    """A removed task is seen by nobody, under its key neither."""
    world = World()
    async with world.client() as client:
        first = await world.refine(client, key="key-1")
        _ = await world.happen(first.json()["task_id"], FAILED, TaskRemoved(quota_refunded=False))
        answer = await world.refine(client, key="key-1")

    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:concept-refinery:problem:task-not-found"
    assert answer.headers["X-RateLimit-Remaining"] == "9"


async def test_a_presigned_url_of_our_bucket_is_kept_without_its_signature() -> None:
    """A signature is a secret and changes with each reading: neither log nor fingerprint has it."""
    world = World()
    key = f"concepts/{user_key()}/{TASK}/1.png"
    world.store.objects[key] = (b"png", "image/png")
    signed = [await world.store.presign(key, expires_s=expires_s) for expires_s in (60, 61)]
    async with world.client() as client:
        first, again = [
            await world.refine(
                client, request=SEED_REQUEST | {"original_image_url": url}, key="key-1"
            )
            for url in signed
        ]

    assert first.json()["metadata"]["original_image_url"] == BUCKET + key
    assert again.headers["Idempotent-Replayed"] == "true"
