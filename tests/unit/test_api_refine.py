"""POST /api/concepts/refine: each answer it can give, with its headers."""

import asyncio
from datetime import UTC, datetime
from typing import Final

from events.codec import decode
from events.log import AppendConflict, LogUnavailable
from events.task import CloudEvent, RecordedEvent, TaskCancelled, TaskEvent
from services.adapters.memory import MemoryLog
from services.api.admissions import ATTEMPTS_MAX
from tests.unit.api_world import (
    BUCKET,
    FAILED,
    REFINE,
    SEED_REQUEST,
    TO_APRIL_S,
    World,
    processing,
    quota_headers,
    user_key,
)

TASK: Final = "task-01960000-0000-7000-8000-000000000001"


class ContendedLog(MemoryLog):
    """A log in which somebody else was always faster."""

    appends = 0

    async def append(
        self, event: CloudEvent[TaskEvent], *, user_key: str, expected_position: int
    ) -> RecordedEvent:
        """Refuse."""
        del user_key
        self.appends += 1
        raise AppendConflict(subject=event.subject, expected_position=expected_position)


class LostAnswerLog(MemoryLog):
    """A log that stores what is appended, while the answer is lost on the way."""

    async def append(
        self, event: CloudEvent[TaskEvent], *, user_key: str, expected_position: int
    ) -> RecordedEvent:
        """Store, and fail."""
        _ = await super().append(event, user_key=user_key, expected_position=expected_position)
        raise LogUnavailable(operation="append", reason="no answer")


async def test_accepted_answers_with_the_seeds_body_and_every_header() -> None:
    """202: the seed's fields in the seed's order, where to look, when, and the quota."""
    world = World()
    async with world.client() as client:
        headers = world.signed_in() | {"X-Request-Id": "trace-1"}
        answer = await client.post(REFINE, json=SEED_REQUEST, headers=headers)

    body = answer.json()
    assert answer.status_code == 202
    assert list(body) == ["task_id", "status", "message", "type", "created_at", "metadata"]
    assert body == {
        "task_id": body["task_id"],
        "status": "pending",
        "message": "Concept refinement task created and queued for processing",
        "type": "concept_refinement",
        "created_at": "2026-03-14T09:26:53.589793Z",
        "metadata": SEED_REQUEST,
    }
    assert list(body["metadata"]) == list(SEED_REQUEST)
    assert dict(answer.headers) == quota_headers(9) | {
        "cache-control": "no-store",
        "location": f"/api/tasks/{body['task_id']}",
        "retry-after": "2",
        "content-type": "application/json",
        "content-length": str(len(answer.content)),
        "x-request-id": "trace-1",
    }


async def test_accepted_is_in_the_log_as_one_event_of_its_owner() -> None:
    """What the 202 promises is in the log: the request, its owner, its deadline, its ledger."""
    world = World()
    async with world.client() as client:
        headers = world.signed_in() | {"X-Request-Id": "trace-1"}
        answer = await client.post(REFINE, json=SEED_REQUEST, headers=headers)
    task_id = answer.json()["task_id"]

    history = await world.log.read_history(user_key=user_key(), task_id=task_id)

    event = decode(history[0]).event
    assert len(history) == 1
    assert event.type == "concepts.task.requested.v1"
    assert event.correlationid == "trace-1"
    task = await world.happen(task_id)
    assert task.request.user_id == "ada"
    assert task.request.quota.used == 1
    assert (task.request.deadline - task.created_at).total_seconds() == 300


async def test_accepted_omits_what_was_not_given_and_strips_texts() -> None:
    """Null and absent are the same; blanks around a text do not count."""
    world = World()
    request = {
        "original_image_url": "https://images.example/a.png",
        "refinement_prompt": "  more minimalist \n",
        "logo_description": None,
        "preserve_aspects": ["colors", "layout"],
    }
    async with world.client() as client:
        answer = await world.refine(client, request=request)

    assert answer.json()["metadata"] == {
        "original_image_url": "https://images.example/a.png",
        "refinement_prompt": "more minimalist",
        "preserve_aspects": ["colors", "layout"],
    }


async def test_conflict_answers_with_the_active_task_as_a_plain_body() -> None:
    """409: the seed's fields in the seed's order, not a problem; the quota is untouched."""
    world = World()
    async with world.client() as client:
        first = await world.refine(client)
        task_id = first.json()["task_id"]
        _ = await world.happen(task_id, processing())
        answer = await world.refine(client, request=SEED_REQUEST | {"theme_description": "Other"})

    body = answer.json()
    assert answer.status_code == 409
    assert list(body) == [
        "task_id",
        "status",
        "message",
        "type",
        "created_at",
        "updated_at",
        "metadata",
    ]
    assert body == first.json() | {
        "status": "processing",
        "message": "A concept refinement task is already in progress",
        "updated_at": "2026-03-14T09:26:54.589793Z",
    }
    assert dict(answer.headers) == quota_headers(9, resets_in_s=TO_APRIL_S - 1) | {
        "cache-control": "no-store",
        "content-type": "application/json",
        "content-length": str(len(answer.content)),
        "x-request-id": answer.headers["X-Request-Id"],
    }


async def test_fifty_at_once_give_one_accepted_and_forty_nine_conflicts() -> None:
    """However many requests of one user race, exactly one wins and all name its task."""
    world = World()
    async with world.client() as client:
        answers = await asyncio.gather(*(world.refine(client) for _ in range(50)))

    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [202] + [409] * 49
    assert len({answer.json()["task_id"] for answer in answers}) == 1
    assert await world.log.head() == 1


async def test_quota_is_ten_in_a_month_then_429_until_the_month_turns() -> None:
    """Ten are accepted; the eleventh is told when to return, and then is the first of its month."""
    world = World()
    async with world.client() as client:
        remaining = []
        for _ in range(10):
            accepted = await world.refine(client)
            assert accepted.status_code == 202
            remaining.append(accepted.headers["X-RateLimit-Remaining"])
            _ = await world.happen(accepted.json()["task_id"], processing(), FAILED)
        refused = await world.refine(client)
        again = await world.refine(client)
        other = await world.refine(client, user="grace")
        world.clock.time = datetime(2026, 4, 1, tzinfo=UTC)
        next_month = await world.refine(client)

    resets_in_s = TO_APRIL_S - 20
    assert remaining == [str(left) for left in range(9, -1, -1)]
    assert refused.status_code == again.status_code == 429
    assert refused.json() == {
        "type": "urn:concept-refinery:problem:quota-exhausted",
        "title": "Quota exhausted",
        "status": 429,
        "detail": "All refinements of this month are used.",
        "instance": REFINE,
    }
    assert dict(refused.headers) == quota_headers(0, resets_in_s=resets_in_s) | {
        "retry-after": str(resets_in_s),
        "cache-control": "no-store",
        "content-type": "application/problem+json",
        "content-length": str(len(refused.content)),
        "x-request-id": refused.headers["X-Request-Id"],
    }
    assert other.status_code == 202
    assert next_month.status_code == 202
    assert next_month.headers["X-RateLimit-Remaining"] == "9"
    assert next_month.headers["RateLimit-Policy"] == f'"refine-month";q=10;w={30 * 86_400}'


async def test_quota_is_given_back_for_a_refunded_end() -> None:
    """A task that ended through our fault, or before it began, does not count."""
    world = World()
    async with world.client() as client:
        first = await world.refine(client)
        cancelled = TaskCancelled(reason="changed my mind", quota_refunded=True)
        _ = await world.happen(first.json()["task_id"], cancelled)
        second = await world.refine(client)

    assert second.status_code == 202
    assert second.headers["X-RateLimit-Remaining"] == "9"


async def test_conflict_comes_before_the_quota() -> None:
    """The tenth task, still active, is what an eleventh request is answered with."""
    world = World()
    async with world.client() as client:
        for _ in range(9):
            accepted = await world.refine(client)
            _ = await world.happen(accepted.json()["task_id"], FAILED)
        tenth = await world.refine(client)
        answer = await world.refine(client)

    assert answer.status_code == 409
    assert answer.json()["task_id"] == tenth.json()["task_id"]
    assert answer.headers["X-RateLimit-Remaining"] == "0"


async def test_own_object_is_accepted_where_the_user_may_read_it() -> None:
    """A URL of our own store is good if the object is there and theirs, or nobody's."""
    world = World()
    world.store.objects["samples/logo.png"] = (b"png", "image/png")
    request = SEED_REQUEST | {"original_image_url": BUCKET + "samples/logo.png"}
    async with world.client() as client:
        answer = await world.refine(client, request=request)

    assert answer.status_code == 202


async def test_own_object_missing_or_of_others_is_one_404() -> None:
    """Whether an object is missing or somebody else's, the answer is the same; nothing is spent."""
    world = World()
    theirs = f"concepts/{user_key('grace')}/{TASK}/1.png"
    world.store.objects[theirs] = (b"png", "image/png")
    async with world.client() as client:
        answers = [
            await world.refine(client, request=SEED_REQUEST | {"original_image_url": BUCKET + key})
            for key in (theirs, f"concepts/{user_key()}/{TASK}/1.png")
        ]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content
    assert answers[0].json() == {
        "type": "urn:concept-refinery:problem:image-not-found",
        "title": "Image not found",
        "status": 404,
        "detail": "There is no image at original_image_url.",
        "instance": REFINE,
    }
    assert answers[0].headers["X-RateLimit-Remaining"] == "10"
    assert await world.log.head() == 0


async def test_store_unavailable_is_503_only_for_our_own_objects() -> None:
    """Without the store only a URL into it cannot be judged; all others are accepted."""
    world = World()
    world.store.is_available = False
    async with world.client() as client:
        own = await world.refine(
            client, request=SEED_REQUEST | {"original_image_url": BUCKET + "a.png"}
        )
        other = await world.refine(client)

    assert own.status_code == 503
    assert own.headers["Retry-After"] == "5"
    assert other.status_code == 202


async def test_log_unavailable_is_503_and_spends_nothing() -> None:
    """Without the log nothing is promised; later the user has all of the quota."""
    world = World()
    world.log.is_available = False
    async with world.client() as client:
        refused = await world.refine(client)
        world.log.is_available = True
        accepted = await world.refine(client)

    assert refused.status_code == 503
    assert refused.json() == {
        "type": "urn:concept-refinery:problem:unavailable",
        "title": "Service unavailable",
        "status": 503,
        "detail": "Requests cannot be taken right now. Try again shortly.",
        "instance": REFINE,
    }
    assert dict(refused.headers) == {
        "retry-after": "5",
        "cache-control": "no-store",
        "content-type": "application/problem+json",
        "content-length": str(len(refused.content)),
        "x-request-id": refused.headers["X-Request-Id"],
    }
    assert accepted.headers["X-RateLimit-Remaining"] == "9"


async def test_undecided_append_is_503_and_the_retry_finds_the_task() -> None:
    """An append whose answer was lost may have happened: the retry sees what did."""
    world = World(log=LostAnswerLog())
    async with world.client() as client:
        undecided = await world.refine(client)
        retry = await world.refine(client)

    assert undecided.status_code == 503
    assert retry.status_code == 409
    assert await world.log.head() == 1


async def test_contention_without_end_is_503_after_bounded_tries() -> None:
    """If somebody is always faster, the request gives up instead of trying for ever."""
    log = ContendedLog()
    world = World(log=log)
    async with world.client() as client:
        answer = await world.refine(client)

    assert answer.status_code == 503
    assert answer.json()["type"] == "urn:concept-refinery:problem:contended"
    assert answer.headers["Retry-After"] == "5"
    assert log.appends == ATTEMPTS_MAX
