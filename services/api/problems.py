"""Every error as a client sees it (RFC 9457): the one table from causes to answers."""

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote

import msgspec
import structlog
from litestar import Request, Response
from litestar.datastructures import State
from litestar.exceptions import (
    ClientException,
    MethodNotAllowedException,
    NotFoundException,
)
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.types import Scope
from msgspec import UNSET, UnsetType
from structlog.typing import FilteringBoundLogger

from events.failures import FailureCode
from events.log import LogUnavailable
from projections.store import ViewsUnavailable
from services.adapters.storage import StorageUnavailable
from services.api.admissions import (
    DeskContended,
    IdempotencyMismatch,
    ImageNotFound,
    InvalidRequest,
    QuotaSpent,
    ReplayedTaskRemoved,
)
from services.api.auth import InvalidToken
from services.api.edge import BodyAborted, BodyStalled, facts_of
from services.api.listing import ViewsBehind
from services.api.methods import allowed_methods
from services.api.refinement_requests import FieldError, UnsupportedMediaType
from services.api.seats import ProcessHasNoSeat, UserHasNoSeat
from services.api.signing_keys import KeysUnavailable
from services.api.task_reader import TaskNotFound

MEDIA_TYPE: Final = "application/problem+json"
TYPE_PREFIX: Final = "urn:concept-refinery:problem:"
RETRY_AFTER_S: Final = 5

_log: FilteringBoundLogger = structlog.get_logger()


class ProblemKind(msgspec.Struct, frozen=True, kw_only=True):
    """What a client is told about one kind of error: never anything it sent, never a cause."""

    status: int
    name: str
    title: str
    detail: str
    headers: Mapping[str, str] = {}


class ProblemError(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that is wrong with a request: where, and what would be right.

    `code` is what a task would have failed with, if this would have failed it.
    """

    pointer: str | None = None
    header: str | None = None
    parameter: str | None = None
    detail: str
    code: FailureCode | None = None


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """An RFC 9457 problem; `field_errors` and `errors` are there for an invalid request."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    field_errors: dict[str, list[str]] | UnsetType = UNSET
    errors: list[ProblemError] | UnsetType = UNSET
    request_id: str | UnsetType = UNSET


_BEARER: Final = {"WWW-Authenticate": "Bearer"}
_REFUSED: Final = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
_LATER: Final = {"Retry-After": str(RETRY_AFTER_S)}
# What is left of such a body is not worth reading, so the connection ends with the answer.
_CLOSE: Final = {"Connection": "close"}

INTERNAL_ERROR: Final = ProblemKind(
    status=500,
    name="internal-error",
    title="Internal error",
    detail="Something went wrong on our side.",
)

PROBLEMS: Final[Mapping[type[Exception], ProblemKind]] = {
    ClientException: ProblemKind(
        status=400,
        name="bad-request",
        title="Bad request",
        detail="The request could not be understood.",
    ),
    BodyAborted: ProblemKind(
        status=400,
        name="body-aborted",
        title="Request body aborted",
        detail="The request body ended before it was complete, or is not framed as HTTP.",
        headers=_CLOSE,
    ),
    InvalidToken: ProblemKind(
        status=401,
        name="unauthorized",
        title="Unauthorized",
        detail="A valid bearer token is required.",
        headers=_BEARER,
    ),
    NotFoundException: ProblemKind(
        status=404,
        name="not-found",
        title="Not found",
        detail="There is nothing at this address.",
    ),
    TaskNotFound: ProblemKind(
        status=404,
        name="task-not-found",
        title="Task not found",
        detail="There is no such task.",
    ),
    ReplayedTaskRemoved: ProblemKind(
        status=404,
        name="task-not-found",
        title="Task not found",
        detail="The task of this Idempotency-Key has been removed.",
    ),
    ImageNotFound: ProblemKind(
        status=404,
        name="image-not-found",
        title="Image not found",
        detail="There is no image at original_image_url.",
    ),
    MethodNotAllowedException: ProblemKind(
        status=405,
        name="method-not-allowed",
        title="Method not allowed",
        detail="This address does not support the method; see the Allow header.",
    ),
    BodyStalled: ProblemKind(
        status=408,
        name="request-timeout",
        title="Request timeout",
        detail="The request body was not received in time.",
        headers=_CLOSE,
    ),
    RequestEntityTooLarge: ProblemKind(
        status=413,
        name="body-too-large",
        title="Request body too large",
        detail="The request body has more bytes than are accepted.",
        headers=_CLOSE,
    ),
    UnsupportedMediaType: ProblemKind(
        status=415,
        name="unsupported-media-type",
        title="Unsupported media type",
        detail="The request body must be application/json.",
        headers={"Accept": "application/json"},
    ),
    InvalidRequest: ProblemKind(
        status=422,
        name="invalid-request",
        title="Invalid request",
        detail="The request is not valid; see errors.",
    ),
    IdempotencyMismatch: ProblemKind(
        status=422,
        name="idempotency-key-reused",
        title="Idempotency key reused",
        detail="This Idempotency-Key was used before for a different request.",
    ),
    QuotaSpent: ProblemKind(
        status=429,
        name="quota-exhausted",
        title="Quota exhausted",
        detail="All refinements of this month are used.",
    ),
    UserHasNoSeat: ProblemKind(
        status=429,
        name="too-many-waiting",
        title="Too many waiting requests",
        detail="Too many requests of yours wait for tasks already. Let one of them end first.",
        headers=_LATER,
    ),
    ProcessHasNoSeat: ProblemKind(
        status=503,
        name="unavailable",
        title="Service unavailable",
        detail="Too many requests wait for tasks right now. Try again shortly, or poll.",
        headers=_LATER,
    ),
    LogUnavailable: ProblemKind(
        status=503,
        name="unavailable",
        title="Service unavailable",
        detail="Requests cannot be taken right now. Try again shortly.",
        headers=_LATER,
    ),
    KeysUnavailable: ProblemKind(
        status=503,
        name="unavailable",
        title="Service unavailable",
        detail="Tokens cannot be checked right now. Try again shortly.",
        headers=_LATER,
    ),
    StorageUnavailable: ProblemKind(
        status=503,
        name="unavailable",
        title="Service unavailable",
        detail="The image storage does not answer right now. Try again shortly.",
        headers=_LATER,
    ),
    ViewsUnavailable: ProblemKind(
        status=503,
        name="unavailable",
        title="Service unavailable",
        detail="Tasks cannot be listed right now. Try again shortly.",
        headers=_LATER,
    ),
    ViewsBehind: ProblemKind(
        status=503,
        name="unavailable",
        title="Service unavailable",
        detail="The list is being brought up to date. Try again shortly.",
        headers=_LATER,
    ),
    DeskContended: ProblemKind(
        status=503,
        name="contended",
        title="Too many simultaneous requests",
        detail="Other requests of yours were faster. Try again shortly.",
        headers=_LATER,
    ),
}

# Their reason is for the log, never for the client.
_WITH_REASON: Final = (
    InvalidToken,
    KeysUnavailable,
    LogUnavailable,
    StorageUnavailable,
    ViewsUnavailable,
    ViewsBehind,
)
_ENCODER: Final = msgspec.json.Encoder()


def answer_error(request: Request[object, object, State], error: Exception) -> Response[bytes]:
    """The answer to a request that raised `error`; what the table does not know is a 500."""
    kind = _kind_of(error)
    facts = facts_of(request.scope)
    facts.problem = kind.name
    if isinstance(error, _WITH_REASON):
        facts.reason = error.reason
    if kind is INTERNAL_ERROR:
        _log.error("http.failed", request_id=facts.request_id, exc_info=error)
    invalid = error.errors if isinstance(error, InvalidRequest) else ()
    if reasons := [one.reason for one in invalid if one.reason is not None]:
        facts.reason = "; ".join(reasons)
    problem = problem_of(
        kind,
        instance=request.scope["path"],
        invalid=invalid,
        request_id=facts.request_id if kind is INTERNAL_ERROR else UNSET,
    )
    return Response(
        content=_ENCODER.encode(problem),
        status_code=kind.status,
        media_type=MEDIA_TYPE,
        headers={**kind.headers, **_headers(error, request.scope), "Cache-Control": "no-store"},
    )


def problem_of(
    kind: ProblemKind,
    *,
    instance: str,
    invalid: Sequence[FieldError] = (),
    request_id: str | UnsetType = UNSET,
) -> Problem:
    """A problem of this kind at the path `instance`, with all that is wrong with the request."""
    return Problem(
        type=TYPE_PREFIX + kind.name,
        title=kind.title,
        status=kind.status,
        detail=kind.detail,
        instance=quote(instance),
        field_errors=_by_field(invalid) if invalid else UNSET,
        errors=[_problem_error(one) for one in invalid] if invalid else UNSET,
        request_id=request_id,
    )


def _kind_of(error: Exception) -> ProblemKind:
    kinds = (PROBLEMS.get(base) for base in type(error).__mro__)
    return next((kind for kind in kinds if kind is not None), INTERNAL_ERROR)


def _by_field(errors: Sequence[FieldError]) -> dict[str, list[str]]:
    messages: dict[str, list[str]] = {}
    for error in errors:
        messages.setdefault(error.field, []).append(error.detail)
    return messages


def _problem_error(error: FieldError) -> ProblemError:
    return ProblemError(
        pointer=error.pointer,
        header=error.header,
        parameter=error.parameter,
        detail=error.detail,
        code=error.code,
    )


def _headers(error: Exception, scope: Scope) -> dict[str, str]:
    """The headers that depend on more than the kind of the error."""
    headers: dict[str, str] = {}
    if isinstance(error, InvalidToken) and error.was_sent:
        headers.update(_REFUSED)
    quota = facts_of(scope).quota
    if quota is not None:
        headers.update(quota.headers())
    if isinstance(error, QuotaSpent):
        headers["Retry-After"] = str(error.resets_in_s)
    if isinstance(error, MethodNotAllowedException):
        headers["Allow"] = ", ".join(allowed_methods(scope["litestar_app"], scope["path"]))
    return headers
