"""What went wrong at a provider: which failure an answer is, in the terms of our catalogue."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

from events.failures import FailureCode
from services.refinement.failures import (
    EngineUnavailable,
    ProviderRefused,
    ProviderThrottled,
    ProviderUnclear,
    RefinementFailure,
)

EXPLANATION_BYTES_MAX: Final = 4096
RETRY_AFTER_S_MAX: Final = 3600.0

# The provider's gateway gave up waiting: what stands behind it may have worked, and be paid for.
_GATEWAY_GAVE_UP: Final = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT, 520, 524})
_THROTTLED: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_PASSING: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_EARLY})
_INPUT: Final = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    }
)
_QUOTA: Final = re.compile(
    r"insufficient_(?:quota|credit|funds)|billing_(?:hard_)?limit|exceeded your current quota"
    r"|insufficient (?:credit|funds)",
    re.IGNORECASE,
)
_BLOCKED: Final = re.compile(
    r"moderation|content_policy|content policy|safety|nsfw|flagged|sensitive|\bE005\b",
    re.IGNORECASE,
)
# A request that no user's picture or words could have spoilt.
_OURS: Final = re.compile(
    r"model_not_found|invalid_model|unknown_parameter|unsupported_parameter|invalid_api_key"
    r"|does not exist",
    re.IGNORECASE,
)


def failure_of(
    status: int, body: bytes, *, retry_after: str | None, is_paid: bool
) -> RefinementFailure:
    """Name an answer that is no success.

    The provider's words only help to tell kinds of refusal apart; none of them is repeated, because
    they may quote our request, and with it the key.
    """
    text = body[:EXPLANATION_BYTES_MAX].decode("utf-8", "replace")
    reason = f"status {status}"
    if status == HTTPStatus.PAYMENT_REQUIRED or (
        status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.FORBIDDEN, HTTPStatus.BAD_REQUEST}
        and _QUOTA.search(text)
    ):
        return ProviderRefused(code=FailureCode.ENGINE_QUOTA_EXHAUSTED, reason=reason)
    if status in _THROTTLED:
        return ProviderThrottled(reason=reason, retry_after_s=retry_after_s(retry_after))
    if is_paid and status in _GATEWAY_GAVE_UP:
        return ProviderUnclear(reason=reason)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _PASSING:
        return EngineUnavailable(reason=reason)
    return ProviderRefused(code=_code_of(status, text), reason=reason)


def is_blocked(text: str) -> bool:
    """Whether a provider's explanation is about what the picture or the prompt shows."""
    return _BLOCKED.search(text) is not None


def retry_after_s(header: str | None) -> float | None:
    """The seconds that a `Retry-After` header asks for, within a bound; None if it says nothing."""
    if header is None:
        return None
    text = header.strip()
    if re.fullmatch(r"[0-9]{1,9}(?:\.[0-9]{1,9})?", text):
        seconds = float(text)
    else:
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        seconds = (moment - datetime.now(UTC)).total_seconds()
    return min(max(seconds, 0.0), RETRY_AFTER_S_MAX)


def _code_of(status: int, text: str) -> FailureCode:
    if status in _INPUT and not _OURS.search(text):
        blocked = is_blocked(text)
        return FailureCode.CONTENT_BLOCKED if blocked else FailureCode.ENGINE_INPUT_REFUSED
    # 401 and 403, but also addresses that are not there, and redirects, which are not followed.
    return FailureCode.ENGINE_MISCONFIGURED
