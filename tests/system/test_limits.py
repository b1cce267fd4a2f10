"""What one user may have: one task at a time, and so many in a month, exactly."""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from tests.system.customers import FORBIDDEN_URL, PRIVATE_URL, Answer, Customer
from tests.system.evidence import read_histories, requests_of
from tests.system.running import Service

QUOTA = 10

pytestmark = pytest.mark.system


async def test_of_simultaneous_requests_one_is_accepted(
    stack: Service, customer: Callable[[], Customer], picture_url: str
) -> None:
    """Fifty at once: one 202, and forty-nine times 409 with the task that was accepted."""
    somebody = customer()
    with stack.frozen("worker"):
        answers = await asyncio.gather(*(somebody.refine(picture_url) for _ in range(50)))

    assert Counter(answer.status for answer in answers) == {202: 1, 409: 49}
    [accepted] = [answer.json for answer in answers if answer.status == 202]
    for refused in (answer.json for answer in answers if answer.status == 409):
        assert refused["task_id"] == accepted["task_id"]
        assert refused["message"] == "A concept refinement task is already in progress"
    assert {answer.headers["X-RateLimit-Remaining"] for answer in answers} == {"9"}
    task = await somebody.ended(accepted["task_id"])
    assert task["status"] == "completed"
    histories = await read_histories(stack)
    assert requests_of(histories, somebody.user) == [accepted["task_id"]]


async def test_the_quota_is_exact(
    stack: Service, customer: Callable[[], Customer], picture_url: str
) -> None:
    """Ten in a month are accepted, one after the other; the eleventh is 429 and costs nothing."""
    skip_if_the_month_is_about_to_end()
    somebody = customer()
    tasks: list[str] = []
    for count in range(1, QUOTA + 1):
        answer = await somebody.refine(picture_url)
        assert answer.status == 202
        assert_quota_headers(answer, remaining=QUOTA - count)
        tasks.append(answer.json["task_id"])
        assert (await somebody.ended(tasks[-1]))["status"] == "completed"

    refused = await somebody.refine(picture_url)

    assert refused.status == 429
    assert_quota_headers(refused, remaining=0)
    problem = refused.json
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert problem["title"] == "Quota exhausted"
    assert problem["status"] == 429
    assert refused.headers["Retry-After"] == seconds_to_reset(refused)
    assert requests_of(await read_histories(stack), somebody.user) == tasks


async def test_refusals_cost_nothing(
    stack: Service, customer: Callable[[], Customer], picture_url: str
) -> None:
    """A 422, a 404 and a 409 leave the quota as it was, and say so."""
    somebody = customer()

    invalid = await somebody.refine(picture_url, prompt="bold")
    private = await somebody.refine(PRIVATE_URL)
    missing = await somebody.refine(f"{picture_url}.missing.png")

    assert (invalid.status, private.status, missing.status) == (422, 422, 404)
    assert private.json["errors"][0]["code"] == "image_fetch_refused"
    assert_quota_headers(invalid, remaining=QUOTA)
    assert_quota_headers(private, remaining=QUOTA)
    assert_quota_headers(missing, remaining=QUOTA)
    with stack.frozen("worker"):
        accepted = await somebody.refine(picture_url)
        conflict = await somebody.refine(picture_url)
    assert (accepted.status, conflict.status) == (202, 409)
    assert_quota_headers(conflict, remaining=QUOTA - 1)
    await somebody.ended(accepted.json["task_id"])
    assert len(requests_of(await read_histories(stack), somebody.user)) == 1


async def test_a_task_that_fails_for_its_request_counts(customer: Callable[[], Customer]) -> None:
    """An address that may not be fetched is the user's error, and the quota is spent."""
    somebody = customer()
    task_id = await somebody.accepted(FORBIDDEN_URL)

    task = await somebody.ended(task_id)

    assert task["status"] == "failed"
    assert task["error_code"] == "image_fetch_refused"
    again = await somebody.refine(FORBIDDEN_URL)
    assert_quota_headers(again, remaining=QUOTA - 2)


async def test_asking_for_the_quota_costs_nothing(customer: Callable[[], Customer]) -> None:
    """The route for the quota tells what was used, as its headers do, and uses nothing itself."""
    somebody = customer()
    before = [await somebody.quota() for _ in range(QUOTA + 1)]
    task_id = await somebody.accepted(FORBIDDEN_URL)

    after = await somebody.quota()

    assert {answer.status for answer in (*before, after)} == {200}
    assert_quota_headers(before[-1], remaining=QUOTA)
    assert_quota_headers(after, remaining=QUOTA - 1)
    limit = after.json["limits"]["refine_concept"]
    assert (limit["limit"], limit["used"], limit["remaining"]) == (QUOTA, 1, QUOTA - 1)
    await somebody.ended(task_id)


def assert_quota_headers(answer: Answer, *, remaining: int) -> None:
    """All that an answer says about the quota, exactly."""
    start = month_start(datetime.now(UTC))
    end = month_start(start + timedelta(days=32))
    month_s = int((end - start).total_seconds())
    headers = answer.headers
    assert headers["RateLimit-Policy"] == f'"refine-month";q={QUOTA};w={month_s}'
    policy, left, reset = headers["RateLimit"].split(";")
    assert (policy, left) == ('"refine-month"', f"r={remaining}")
    reset_s = int(reset.removeprefix("t="))
    assert abs((end - datetime.now(UTC)).total_seconds() - reset_s) < 5
    assert headers["X-RateLimit-Limit"] == str(QUOTA)
    assert headers["X-RateLimit-Remaining"] == str(remaining)
    assert headers["X-RateLimit-Reset"] == str(int(end.timestamp()))
    assert headers["X-RateLimit-Period"] == "month"


def seconds_to_reset(answer: Answer) -> str:
    """The `t` of the RateLimit header."""
    return answer.headers["RateLimit"].rpartition("t=")[2]


def month_start(moment: datetime) -> datetime:
    """The first moment of a month, in UTC."""
    return moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def skip_if_the_month_is_about_to_end() -> None:
    """A quota that begins anew in the middle of the test would rightly accept an eleventh."""
    now = datetime.now(UTC)
    if month_start(now) != month_start(now + timedelta(minutes=2)):
        pytest.skip("the month ends within two minutes, and the quota with it")
