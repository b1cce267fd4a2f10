"""What the page about problems says of each: when it is the answer, and what to do about it."""

from collections.abc import Mapping
from typing import Final

import msgspec
from litestar.exceptions import ClientException, MethodNotAllowedException, NotFoundException
from litestar.exceptions.http_exceptions import RequestEntityTooLarge

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
from services.api.edge import BodyAborted, BodyStalled
from services.api.listing import ViewsBehind
from services.api.refinement_requests import EncodedBody, UnsupportedMediaType
from services.api.seats import ProcessHasNoSeat, UserHasNoSeat
from services.api.signing_keys import KeysUnavailable
from services.api.task_reader import TaskNotFound


class Advice(msgspec.Struct, frozen=True, kw_only=True):
    """`headers` are those that differ from answer to answer; the table of problems has the rest."""

    when: str
    what_to_do: str
    headers: tuple[str, ...] = ()


INTRODUCTION: Final = """\
Each is an [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) problem (`{media_type}`);
its `type` is `{prefix}` and then the name. The `409` of the refine route is no
problem but the task that is already in progress. Why a task fails later: [Failures](failures.md).

A request that is refused uses none of the quota. With a valid token, every answer of
`POST /api/concepts/refine` has the quota headers too, unless the log does not answer: then nobody
can tell. After a `500` or a `503` of the log the request may have been accepted all the same;
repeated with its `Idempotency-Key` it is accepted once."""

BEFORE_US: Final = """\
The server itself refuses a head that is no HTTP with `400`, and one of more than 16 KiB or more
than 100 headers with `431`: without a body, an `X-Request-ID` or the headers of CORS. A head that
is not complete after 5 seconds gets no answer: the connection is closed."""

# `Exception` stands for every error that the table of problems does not know.
ADVICE: Final[Mapping[type[Exception], Advice]] = {
    ClientException: Advice(
        when="The request is malformed: its `Host` header, for example.",
        what_to_do="Correct the request; the same one is refused again.",
    ),
    BodyAborted: Advice(
        when="The body ended before it was complete, or its chunks are not what HTTP calls so.",
        what_to_do="Send the request again, with a client that speaks HTTP/1.1.",
    ),
    InvalidToken: Advice(
        when="The token is missing, malformed, forged, expired or not for this service.",
        what_to_do="Get a new token. The answer does not say what is wrong; our log does.",
    ),
    KeysUnavailable: Advice(
        when="The key of the token is not known, and the endpoint that has it does not answer.",
        what_to_do="Repeat it after `Retry-After`, with the same token. Nothing was accepted.",
    ),
    NotFoundException: Advice(
        when="There is no route at this address.",
        what_to_do="Correct the address.",
    ),
    TaskNotFound: Advice(
        when="The task is unknown, removed, or another user's: they look alike.",
        what_to_do="Check the id, and whose token it is.",
    ),
    ReplayedTaskRemoved: Advice(
        when="The request repeats an `Idempotency-Key` whose task was removed.",
        what_to_do="To refine again, take another key.",
    ),
    ImageNotFound: Advice(
        when="The address is in our own bucket, and names nothing that this user may read.",
        what_to_do="Take `image_url` or the address in `metadata` of one of your own tasks.",
    ),
    MethodNotAllowedException: Advice(
        when="There is a route at this address, for other methods.",
        what_to_do="Use one of the methods in `Allow`.",
        headers=("Allow",),
    ),
    BodyStalled: Advice(
        when="The body was not complete 10 seconds after it was first waited for.",
        what_to_do="Send it again, at once and whole. The connection is closed.",
    ),
    RequestEntityTooLarge: Advice(
        when="The body has more than 64 KiB, or declares it.",
        what_to_do="Send only the fields that are known. The connection is closed.",
    ),
    UnsupportedMediaType: Advice(
        when="The body is not declared to be JSON in UTF-8, exactly once.",
        what_to_do="Send one `Content-Type: application/json`.",
    ),
    EncodedBody: Advice(
        when="The body has a `Content-Encoding` other than `identity`.",
        what_to_do="Send it as it is, without packing it.",
    ),
    InvalidRequest: Advice(
        when="The body is not a JSON object, or a field, the `Idempotency-Key` or a parameter of"
        " the query is not valid.",
        what_to_do="Correct all that `errors` (or `field_errors`) names; it is complete.",
    ),
    IdempotencyMismatch: Advice(
        when="The `Idempotency-Key` was used before, for another request.",
        what_to_do="Take another key: it belongs to one request.",
    ),
    QuotaSpent: Advice(
        when="All requests of this calendar month (UTC) are used.",
        what_to_do="Wait until the month ends: `Retry-After` seconds.",
        headers=("Retry-After",),
    ),
    UserHasNoSeat: Advice(
        when="As many requests of this user as may do so wait for tasks already.",
        what_to_do="Let one of them end, or ask without waiting.",
    ),
    ProcessHasNoSeat: Advice(
        when="As many requests as this process has room for wait for tasks already.",
        what_to_do="Repeat it after `Retry-After`, or ask without waiting.",
    ),
    LogUnavailable: Advice(
        when="The event log does not answer. A request to refine may have been accepted or not.",
        what_to_do="Repeat it after `Retry-After`, with the same `Idempotency-Key`.",
    ),
    StorageUnavailable: Advice(
        when="The address is in our own bucket, and the object store does not answer.",
        what_to_do="Repeat it after `Retry-After`. Nothing was accepted.",
    ),
    ViewsUnavailable: Advice(
        when="Tasks are to be listed, and the views do not answer.",
        what_to_do="Repeat it after `Retry-After`. A task whose id is known is shown meanwhile.",
    ),
    ViewsBehind: Advice(
        when="Tasks are to be listed, and the views are far behind what happened to them.",
        what_to_do="Repeat it after `Retry-After`. A task whose id is known is shown meanwhile.",
    ),
    DeskContended: Advice(
        when="Other requests of the same user were faster, several times in a row.",
        what_to_do="Repeat it after `Retry-After`. Nothing was accepted.",
    ),
    Exception: Advice(
        when="A mistake of ours.",
        what_to_do="Tell us the `request_id` in the body. Repeat it with the same key.",
    ),
}
