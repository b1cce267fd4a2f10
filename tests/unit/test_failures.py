"""The catalogue of failures: complete, and the only source of codes."""

import inspect
from typing import Final

import pytest

from events.failures import FAILURE_RULES, FailureCode
from services.refinement import failures
from services.refinement.failures import (
    PICTURE_CODES,
    EngineUnavailable,
    FetchFailed,
    FetchRefused,
    OriginalMissing,
    PictureRefused,
    PromptNotUnderstood,
    ProviderRefused,
    ProviderThrottled,
    ProviderUnclear,
    RefinementFailure,
)

REASON: Final = "only for logs"
RAISED: Final[tuple[RefinementFailure, ...]] = (
    FetchRefused(reason=REASON),
    OriginalMissing(reason=REASON),
    FetchFailed(reason=REASON, is_transient=True),
    PromptNotUnderstood(reason=REASON),
    EngineUnavailable(reason=REASON),
    ProviderThrottled(reason=REASON, retry_after_s=1.0),
    ProviderUnclear(reason=REASON),
    ProviderRefused(code=FailureCode.CONTENT_BLOCKED, reason=REASON),
    *(PictureRefused(code=code, reason=REASON) for code in sorted(PICTURE_CODES)),
)


@pytest.mark.parametrize("code", FailureCode)
def test_every_code_has_a_rule(code: FailureCode) -> None:
    """The owner is told something in whole sentences, and it is known who pays."""
    rule = FAILURE_RULES[code]

    assert rule.message
    assert rule.message[0].isupper()
    assert rule.message.endswith(".")


@pytest.mark.parametrize("failure", RAISED, ids=lambda failure: failure.code)
def test_every_code_that_is_raised_is_in_the_catalogue(failure: RefinementFailure) -> None:
    """A failure without a rule would be recorded as a bug of ours."""
    assert FailureCode(failure.code) in FAILURE_RULES


@pytest.mark.parametrize("failure", RAISED, ids=lambda failure: failure.code)
def test_the_owner_is_not_shown_the_reason(failure: RefinementFailure) -> None:
    """What a server or a resolver said is for logs only."""
    assert REASON in str(failure)
    assert REASON not in failure.message


def test_every_family_is_looked_at() -> None:
    """A new family of failures is added to these tests, or fails them."""
    families = {
        kind
        for _, kind in inspect.getmembers(failures, inspect.isclass)
        if issubclass(kind, RefinementFailure) and kind is not RefinementFailure
    }

    assert {type(failure) for failure in RAISED} == families


@pytest.mark.parametrize(
    "code",
    [
        FailureCode.ENGINE_UNAVAILABLE,
        FailureCode.ENGINE_THROTTLED,
        FailureCode.ENGINE_MISCONFIGURED,
        FailureCode.ENGINE_QUOTA_EXHAUSTED,
        FailureCode.ENGINE_OUTCOME_UNKNOWN,
        FailureCode.ENGINE_RESULT_UNUSABLE,
        FailureCode.STORAGE_UNAVAILABLE,
        FailureCode.DEADLINE_EXCEEDED,
        FailureCode.ATTEMPTS_EXHAUSTED,
        FailureCode.INTERNAL_ERROR,
    ],
)
def test_what_is_our_fault_is_never_charged(code: FailureCode) -> None:
    """An error of ours never spends quota."""
    assert FAILURE_RULES[code].quota_refunded


@pytest.mark.parametrize("code", [code for code in FailureCode if code.startswith("image_")])
def test_a_bad_image_is_charged(code: FailureCode) -> None:
    """Otherwise one could have us fetch and decode for ever, for nothing."""
    assert not FAILURE_RULES[code].quota_refunded
