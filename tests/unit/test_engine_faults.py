"""Which failure a provider's answer is, and how attempts that may be paid for are counted."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import msgspec
import pytest

from events.failures import FailureCode
from events.task import TaskEvent
from services.refinement.calls import count_calls
from services.refinement.engines.remote.faults import (
    RETRY_AFTER_S_MAX,
    failure_of,
    retry_after_s,
)
from tests import controls

MODERATED = b'{"error": {"code": "moderation_blocked", "message": "rejected by the safety system"}}'
NO_MONEY = b'{"error": {"code": "insufficient_quota", "type": "insufficient_quota"}}'
NO_MODEL = b'{"error": {"code": "model_not_found"}}'


@pytest.mark.parametrize(
    ("status", "body", "code", "is_transient"),
    [
        (500, b"", FailureCode.ENGINE_UNAVAILABLE, True),
        (501, b"", FailureCode.ENGINE_UNAVAILABLE, True),
        (408, b"", FailureCode.ENGINE_UNAVAILABLE, True),
        (502, b"", FailureCode.ENGINE_OUTCOME_UNKNOWN, True),
        (504, b"", FailureCode.ENGINE_OUTCOME_UNKNOWN, True),
        (524, b"", FailureCode.ENGINE_OUTCOME_UNKNOWN, True),
        (429, b"", FailureCode.ENGINE_THROTTLED, True),
        (503, b"", FailureCode.ENGINE_THROTTLED, True),
        (429, NO_MONEY, FailureCode.ENGINE_QUOTA_EXHAUSTED, False),
        (402, b"", FailureCode.ENGINE_QUOTA_EXHAUSTED, False),
        (400, b"", FailureCode.ENGINE_INPUT_REFUSED, False),
        (413, b"", FailureCode.ENGINE_INPUT_REFUSED, False),
        (422, b"", FailureCode.ENGINE_INPUT_REFUSED, False),
        (400, MODERATED, FailureCode.CONTENT_BLOCKED, False),
        (400, NO_MODEL, FailureCode.ENGINE_MISCONFIGURED, False),
        (401, b"", FailureCode.ENGINE_MISCONFIGURED, False),
        (403, b"", FailureCode.ENGINE_MISCONFIGURED, False),
        (404, b"", FailureCode.ENGINE_MISCONFIGURED, False),
        (302, b"", FailureCode.ENGINE_MISCONFIGURED, False),
    ],
)
def test_an_answer_is_one_failure(
    status: int, body: bytes, code: FailureCode, *, is_transient: bool
) -> None:
    """The status decides, and where it is not enough the provider's error code."""
    failure = failure_of(status, body, retry_after=None, is_paid=True)

    assert (failure.code, failure.is_transient) == (code, is_transient)


def test_a_gateway_that_gave_up_on_a_free_request_is_only_unavailable() -> None:
    """Nothing was at stake."""
    failure = failure_of(504, b"", retry_after=None, is_paid=False)

    assert failure.code == FailureCode.ENGINE_UNAVAILABLE


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("7", 7.0),
        (" 1.5 ", 1.5),
        ("-3", None),
        ("999999", RETRY_AFTER_S_MAX),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
    ],
)
def test_retry_after_is_read_within_bounds(header: str | None, seconds: float | None) -> None:
    """Seconds or a date; anything else says nothing."""
    assert retry_after_s(header) == seconds


def test_retry_after_may_be_a_date() -> None:
    """What is left until then."""
    header = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)

    seconds = retry_after_s(header)

    assert seconds is not None
    assert 50 < seconds <= 60


def history(engine: str, *, second_ended: FailureCode) -> list[TaskEvent]:
    """Three attempts with one engine; the first never reported back, the second ended so."""
    first, second, third = (
        msgspec.structs.replace(controls.processing(number), engine=engine) for number in (1, 2, 3)
    )
    retrying = msgspec.structs.replace(controls.retrying(2), error_code=second_ended)
    return [controls.request(), first, second, retrying, third]


@pytest.mark.parametrize(
    ("engine", "second_ended", "calls"),
    [
        ("openai", FailureCode.ENGINE_OUTCOME_UNKNOWN, 3),
        ("openai", FailureCode.STORAGE_UNAVAILABLE, 3),
        ("openai", FailureCode.ENGINE_THROTTLED, 2),
        ("openai", FailureCode.ENGINE_UNAVAILABLE, 2),
        ("local", FailureCode.ENGINE_OUTCOME_UNKNOWN, 0),
    ],
)
def test_attempts_that_may_be_paid_for_are_counted(
    engine: str, second_ended: FailureCode, calls: int
) -> None:
    """All but those that are known to have cost nothing, and those of our own engines."""
    assert count_calls(history(engine, second_ended=second_ended)) == calls
