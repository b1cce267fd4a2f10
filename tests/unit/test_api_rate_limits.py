"""The quota as its user sees it: on every answer of the refine route, and on its own routes."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Final

import pytest
from httpx import AsyncClient, Response

from events.log import DeskReading
from events.task import CloudEvent, RecordedEvent, TaskCancelled, TaskEvent, TaskFailed
from services.adapters.memory import MemoryLog
from tests.unit.api_world import (
    APRIL,
    BUCKET,
    FAILED,
    REFINE,
    SEED_REQUEST,
    TO_APRIL_S,
    World,
    processing,
    quota_headers,
)

LIMITS: Final = "/api/health/rate-limits"
STATUS: Final = "/api/health/rate-limits-status"
JSON: Final = {"Content-Type": "application/json"}
LAST_OF_MARCH: Final = datetime(2026, 3, 31, 23, 59, 59, 500_000, UTC)
FIRST_OF_APRIL: Final = datetime(2026, 4, 1, tzinfo=UTC)
OUR_FAULT: Final = TaskFailed(
    attempt=1, error_code="internal_error", error_message="Ours", quota_refunded=True
)


class BrokenAppendLog(MemoryLog):
    """A log that can be read, and breaks in a way nobody foresaw when something is appended."""

    async def append(
        self, event: CloudEvent[TaskEvent], *, user_key: str, expected_position: int
    ) -> RecordedEvent:
        """Fail."""
        raise ZeroDivisionError(f"{event.id} of {user_key} at {expected_position}")


class CountingLog(MemoryLog):
    """A log that counts how often a desk is asked for."""

    desks_read = 0

    async def read_desk(self, user_key: str, *, replay_of: str | None = None) -> DeskReading:
        """Count, and read."""
        self.desks_read += 1
        return await super().read_desk(user_key, replay_of=replay_of)


def told(answer: Response) -> dict[str, str]:
    """What an answer's headers say about the quota."""
    return {name: value for name, value in answer.headers.items() if "ratelimit" in name}


async def show(
    client: AsyncClient, world: World, *, route: str = LIMITS, user: str = "ada"
) -> dict[str, object]:
    """What a route says about the one limit there is."""
    answer = await client.get(route, headers=world.signed_in(user))
    assert answer.status_code == 200
    limit: dict[str, object] = answer.json()["limits"]["refine_concept"]
    return limit


class TestHeaders:
    """The headers of the refine route."""

    async def test_every_refusal_has_them(self) -> None:
        """Whatever is wrong with the request of a signed-in user, it is told how it stands."""
        world = World()

        async def stalling() -> AsyncIterator[bytes]:
            yield b"{"
            await asyncio.Event().wait()

        own = SEED_REQUEST | {"original_image_url": BUCKET + "missing.png"}
        async with world.client(body_timeout_s=0.05) as client:
            token = world.signed_in()
            headers = token | JSON
            large = b" " * 65_537
            answers = {
                400: await client.post(REFINE, headers=headers | {"Content-Length": "two"}),
                404: await world.refine(client, request=own),
                408: await client.post(REFINE, headers=headers, content=stalling()),
                413: await client.post(REFINE, headers=headers, content=large),
                415: await client.post(REFINE, headers=token, content=b"{}"),
                422: await client.post(REFINE, headers=headers, content=b"[]"),
            }
            world.store.is_available = False
            answers[503] = await world.refine(client, request=own)

        assert {asked: answer.status_code for asked, answer in answers.items()} == {
            status: status for status in answers
        }
        assert [told(answer) for answer in answers.values()] == [quota_headers(10)] * len(answers)
        assert await world.log.head() == 0

    async def test_an_error_of_ours_has_them(self) -> None:
        """Also after a mistake of ours, its user is told that nothing was spent."""
        world = World(log=BrokenAppendLog())
        async with world.client() as client:
            answer = await world.refine(client)

        assert answer.status_code == 500
        assert told(answer) == quota_headers(10)

    async def test_unauthorized_has_none(self) -> None:
        """Without a user there is no quota to tell of."""
        async with World().client() as client:
            answer = await client.post(REFINE, json=SEED_REQUEST)

        assert answer.status_code == 401
        assert not told(answer)

    async def test_a_log_that_is_away_is_not_asked_twice(self) -> None:
        """A 503 because of the log has no quota, and does not wait for it again."""
        log = CountingLog()
        log.is_available = False
        world = World(log=log)
        async with world.client() as client:
            answer = await world.refine(client)

        assert answer.status_code == 503
        assert not told(answer)
        assert log.desks_read == 1


class TestRoutes:
    """`GET /api/health/rate-limits` and `/rate-limits-status`."""

    async def test_limits_show_the_standing_in_full(self) -> None:
        """What the limit is and for which route, what is used and left, and when it begins anew."""
        world = World()
        async with world.client() as client:
            _ = await world.refine(client)
            answer = await client.get(LIMITS, headers=world.signed_in())

        assert answer.status_code == 200
        assert answer.json() == {
            "limits": {
                "refine_concept": {
                    "policy": "refine-month",
                    "route": REFINE,
                    "period": "month",
                    "limit": 10,
                    "used": 1,
                    "remaining": 9,
                    "resets_at": "2026-04-01T00:00:00Z",
                    "reset_in_s": TO_APRIL_S,
                }
            }
        }
        assert dict(answer.headers) == quota_headers(9) | {
            "cache-control": "no-store",
            "content-type": "application/json",
            "content-length": str(len(answer.content)),
            "x-request-id": answer.headers["X-Request-Id"],
        }

    async def test_status_is_short(self) -> None:
        """Whether there is anything left, how much, and for how long that will be all."""
        world = World()
        async with world.client() as client:
            answer = await client.get(STATUS, headers=world.signed_in())

        assert answer.status_code == 200
        assert answer.json() == {
            "status": "available",
            "limits": {"refine_concept": {"limit": 10, "remaining": 10, "reset_in_s": TO_APRIL_S}},
        }
        assert told(answer) == quota_headers(10)
        assert answer.headers["Cache-Control"] == "no-store"

    async def test_asking_costs_nothing(self) -> None:
        """However often it is asked, nothing is used and nothing is written."""
        world = World()
        async with world.client() as client:
            shown = [await show(client, world, route=route) for route in (LIMITS, STATUS) * 15]

        assert {one["remaining"] for one in shown} == {10}
        assert await world.log.head() == 0

    async def test_each_user_sees_its_own(self) -> None:
        """What another one used is no concern of this one."""
        world = World()
        async with world.client() as client:
            _ = await world.refine(client, user="grace")
            limits = [await show(client, world, user=user) for user in ("ada", "grace")]

        assert [one["used"] for one in limits] == [0, 1]

    async def test_exhausted_is_said(self) -> None:
        """At ten of ten, the status says so before a request is refused for it."""
        world = World()
        async with world.client() as client:
            for _ in range(10):
                accepted = await world.refine(client)
                _ = await world.happen(accepted.json()["task_id"], processing(), FAILED)
            answer = await client.get(STATUS, headers=world.signed_in())

        assert answer.json()["status"] == "exhausted"
        assert answer.headers["X-RateLimit-Remaining"] == "0"

    @pytest.mark.parametrize("route", [LIMITS, STATUS])
    async def test_needs_a_token_and_the_log(self, route: str) -> None:
        """401 without a token; 503 while nobody can tell, with a time to come back."""
        world = World()
        world.log.is_available = False
        async with world.client() as client:
            unauthorized = await client.get(route)
            unavailable = await client.get(route, headers=world.signed_in())

        assert unauthorized.status_code == 401
        assert unavailable.status_code == 503
        assert unavailable.headers["Retry-After"] == "5"
        assert not told(unauthorized)
        assert not told(unavailable)


class TestTurnOfTheMonth:
    """The quota begins anew at 00:00 UTC of the 1st."""

    async def test_the_last_moment_counts_for_the_old_month(self) -> None:
        """Half a second before midnight it is still March, and a second to wait is said."""
        world = World()
        world.clock.time = LAST_OF_MARCH
        async with world.client() as client:
            accepted = await world.refine(client)
            before = await show(client, world)
            world.clock.time = FIRST_OF_APRIL
            after = await show(client, world)

        assert told(accepted) == quota_headers(9, resets_in_s=1)
        assert accepted.headers["X-RateLimit-Reset"] == APRIL
        assert (before["used"], before["resets_at"]) == (1, "2026-04-01T00:00:00Z")
        assert before["reset_in_s"] == 1
        assert (after["used"], after["resets_at"]) == (0, "2026-05-01T00:00:00Z")
        assert after["reset_in_s"] == 30 * 86_400

    async def test_a_user_without_quota_has_all_of_it_at_midnight(self) -> None:
        """The last refusal of a month says how long to wait; then one is the first of ten."""
        world = World()
        world.clock.time = datetime(2026, 3, 31, 23, 0, tzinfo=UTC)
        async with world.client() as client:
            for _ in range(10):
                accepted = await world.refine(client)
                _ = await world.happen(accepted.json()["task_id"], FAILED)
            world.clock.time = LAST_OF_MARCH
            refused = await world.refine(client)
            world.clock.time = FIRST_OF_APRIL
            accepted = await world.refine(client)

        assert refused.status_code == 429
        assert refused.headers["Retry-After"] == "1"
        assert accepted.status_code == 202
        assert accepted.headers["X-RateLimit-Remaining"] == "9"

    @pytest.mark.parametrize(
        "end", [OUR_FAULT, TaskCancelled(reason="changed my mind", quota_refunded=True)]
    )
    async def test_a_refund_belongs_to_the_month_of_the_request(self, end: TaskEvent) -> None:
        """A request of March that ends in April gives March back what April never lent."""
        world = World()
        world.clock.time = LAST_OF_MARCH
        async with world.client() as client:
            accepted = await world.refine(client)
            _ = await world.happen(accepted.json()["task_id"], end)
            in_april = await show(client, world)
            first = await world.refine(client)
            second = await show(client, world)

        assert world.clock.time > FIRST_OF_APRIL
        assert (in_april["used"], in_april["remaining"]) == (0, 10)
        assert first.headers["X-RateLimit-Remaining"] == "9"
        assert second["used"] == 1

    async def test_a_refund_within_the_month_is_seen_at_once(self) -> None:
        """What came back is there to be used."""
        world = World()
        async with world.client() as client:
            accepted = await world.refine(client)
            used = (await show(client, world))["used"]
            _ = await world.happen(accepted.json()["task_id"], processing(), OUR_FAULT)
            refunded = (await show(client, world))["used"]

        assert (used, refunded) == (1, 0)

    async def test_a_clock_that_is_behind_does_not_bring_the_old_month_back(self) -> None:
        """Two processes whose clocks differ tell the month that has begun for one of them."""
        world = World()
        world.clock.time = FIRST_OF_APRIL
        async with world.client() as client:
            _ = await world.refine(client)
            world.clock.time = LAST_OF_MARCH
            behind = await show(client, world)

        assert (behind["used"], behind["resets_at"]) == (1, "2026-05-01T00:00:00Z")

    async def test_december_turns_into_january(self) -> None:
        """The year turns with the month."""
        world = World()
        world.clock.time = datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)
        async with world.client() as client:
            limit = await show(client, world)

        assert (limit["resets_at"], limit["reset_in_s"]) == ("2027-01-01T00:00:00Z", 1)
