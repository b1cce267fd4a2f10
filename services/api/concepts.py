"""The route that takes refinement requests."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final, TypeAlias

from litestar import post
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse

from events.admission import RefinementRequest
from events.log import LogUnavailable
from services.api.admissions import Admissions, InvalidRequest, Reception, Refused, Submission
from services.api.auth import Owner
from services.api.bodies import ALREADY_ACTIVE, CREATED, TaskBodies
from services.api.edge import facts_of
from services.api.preferences import wait_of
from services.api.refinement_requests import (
    FieldError,
    Invalid,
    idempotency_error,
    read_idempotency_key,
    require_identity,
    require_json,
)
from services.api.requests import AuthenticatedRequest, header_values
from services.api.waits import TaskWaits

POLL_AFTER_S: Final = 2

BodyReader: TypeAlias = Callable[[bytes], RefinementRequest | tuple[FieldError, ...]]


def refine_route(
    *,
    admissions: Admissions,
    bodies: TaskBodies,
    waits: TaskWaits,
    read_body: BodyReader,
) -> HTTPRouteHandler:
    """`POST /api/concepts/refine`; `read_body` makes a request of a body, or says what is wrong."""

    @post(
        "/api/concepts/refine",
        status_code=202,
    )
    async def refine_concept(request: AuthenticatedRequest) -> ASGIResponse:
        async with _quota_of_errors(request, admissions):
            submission = await _read_submission(request, read_body)
            receipt = await admissions.submit(submission)
        task, facts = receipt.task, facts_of(request.scope)
        facts.task_id, facts.quota = task.task_id, receipt.quota
        headers = {"Cache-Control": "no-store"}
        if receipt.reception is Reception.ALREADY_ACTIVE:
            body = await bodies.encode(task, message=ALREADY_ACTIVE)
            headers |= receipt.quota.headers()
            return ASGIResponse(body=body, status_code=409, headers=headers)
        wait_s = wait_of(header_values(request.scope, b"prefer"))
        if wait_s is not None:
            waited = await waits.until_ended(task, wait_s=wait_s, receive=request.receive)
            task = waited.task
            if waited.is_heeded:
                headers["Preference-Applied"] = f"wait={wait_s}"
            # An end may have given the request back.
            with suppress(LogUnavailable):
                facts.quota = await admissions.quota_of(request.user)
        headers |= facts.quota.headers()
        is_new = task.version == 1
        body = await bodies.encode(task, message=CREATED if is_new else None)
        headers["Location"] = f"/api/tasks/{task.task_id}"
        if task.status.is_active:
            headers["Retry-After"] = str(POLL_AFTER_S)
        if receipt.reception is Reception.REPLAYED:
            headers["Idempotent-Replayed"] = "true"
        return ASGIResponse(body=body, status_code=202, headers=headers)

    return refine_concept


@asynccontextmanager
async def _quota_of_errors(
    request: AuthenticatedRequest, admissions: Admissions
) -> AsyncIterator[None]:
    """Find out how the quota stands when a request ends in an error, for the error's headers.

    A log that has just failed is not asked again: its failure would be answered twice as late.
    """
    facts = facts_of(request.scope)
    try:
        yield
    except Refused as error:
        facts.quota = error.quota
        raise
    except LogUnavailable:
        raise
    except Exception:
        with suppress(LogUnavailable):
            facts.quota = await admissions.quota_of(request.user)
        raise


async def _read_submission(request: AuthenticatedRequest, read_body: BodyReader) -> Submission:
    """The submission in a request.

    Raises:
        UnsupportedMediaType: its body is not JSON.
        EncodedBody: its body has a content encoding.
        InvalidRequest: with all errors of the header and the body at once.
    """
    scope = request.scope
    owner: Owner = request.user
    require_json(header_values(scope, b"content-type"))
    require_identity(header_values(scope, b"content-encoding"))
    errors: list[FieldError] = []
    key: str | None = None
    try:
        key = read_idempotency_key(header_values(scope, b"idempotency-key"))
    except Invalid as error:
        errors.append(idempotency_error(error))
    read = read_body(await request.body())
    if isinstance(read, tuple):
        errors.extend(read)
    if errors or isinstance(read, tuple):
        raise InvalidRequest(tuple(errors))
    return Submission(
        request=read,
        owner=owner,
        request_id=facts_of(scope).request_id,
        idempotency_key=key,
    )
