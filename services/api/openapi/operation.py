"""What an operation is made of, and how that is written in OpenAPI."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final

import msgspec
from litestar.exceptions import ClientException
from msgspec import UNSET

from services.api.auth import InvalidToken
from services.api.list_requests import LIMIT_MAX
from services.api.openapi.headers import CACHING, QUOTA, headers_of
from services.api.openapi.json_values import JsonObject, as_json
from services.api.openapi.schemas import reference
from services.api.problems import INTERNAL_ERROR, MEDIA_TYPE, PROBLEMS, ProblemKind, problem_of
from services.api.refinement_requests import FieldError
from services.api.signing_keys import KeysUnavailable

BEARER: Final = "BearerToken"
JSON: Final = "application/json"

# Headers that belong to a status, whichever problem it is.
_HEADERS_OF_STATUS: Final[Mapping[int, tuple[str, ...]]] = {
    HTTPStatus.UNAUTHORIZED: ("WWW-Authenticate",),
    HTTPStatus.METHOD_NOT_ALLOWED: ("Allow",),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: ("Accept",),
    HTTPStatus.TOO_MANY_REQUESTS: ("Retry-After",),
    HTTPStatus.SERVICE_UNAVAILABLE: ("Retry-After",),
}
_OF_TOKENS: Final = (InvalidToken, KeysUnavailable)
_INVALID_BODY: Final = FieldError(
    field="refinement_prompt",
    pointer="#/refinement_prompt",
    detail="must have 5 to 500 characters",
)
_INVALID_QUERY: Final = FieldError(
    field="limit", parameter="limit", detail=f"must be a number from 1 to {LIMIT_MAX}"
)
_REQUEST_ID: Final = "3795938fd0ef4995e0524effef71a4a6"


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """A body of one media type."""

    media_type: str = JSON
    schema: JsonObject
    examples: JsonObject = {}


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that is no problem; `always` and `sometimes` name its headers."""

    status: int
    description: str
    content: tuple[Content, ...] = ()
    always: tuple[str, ...] = (CACHING,)
    sometimes: tuple[str, ...] = ()
    links: JsonObject = {}


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One method at one path; `problems` are the errors it may end in that not every one may."""

    method: str
    path: str
    operation_id: str
    tag: str
    summary: str
    description: str
    parameters: tuple[str, ...] = ()
    request: Content | None = None
    answers: tuple[Answer, ...]
    problems: tuple[type[Exception], ...] = ()
    is_signed_in: bool = True
    tells_quota: bool = False


def operation_object(operation: Operation) -> JsonObject:
    """An operation as OpenAPI has it."""
    described: JsonObject = {
        "operationId": operation.operation_id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": operation.description,
        "parameters": [
            {"$ref": f"#/components/parameters/{name}"}
            for name in (*operation.parameters, "RequestId")
        ],
    }
    if operation.request is not None:
        described["requestBody"] = {"required": True, "content": _content((operation.request,))}
    if operation.is_signed_in:
        described["security"] = [{BEARER: []}]
    answers = {answer.status: _answer_object(answer) for answer in operation.answers}
    for status, kinds in _kinds_by_status(operation).items():
        # A client tells an answer from a problem by its status alone.
        assert status not in answers, (operation.operation_id, status)
        answers[status] = _problem_object(operation, status, kinds)
    described["responses"] = {str(status): answers[status] for status in sorted(answers)}
    return described


def problem_object(
    kinds: Sequence[ProblemKind],
    *,
    instance: str,
    quota: bool = False,
    invalid: FieldError = _INVALID_BODY,
) -> JsonObject:
    """An answer that is one of some problems of the same status."""
    status = kinds[0].status
    descriptions = dict.fromkeys(kind.detail for kind in kinds)
    content = Content(
        media_type=MEDIA_TYPE,
        schema=reference("Problem"),
        examples=_problem_examples(kinds, instance=instance, invalid=invalid),
    )
    return {
        "description": "\n\n".join(descriptions),
        "headers": headers_of(
            (CACHING, *_HEADERS_OF_STATUS.get(status, ())), QUOTA if quota else ()
        ),
        "content": _content((content,)),
    }


def _problem_object(operation: Operation, status: int, kinds: Sequence[ProblemKind]) -> JsonObject:
    quota = operation.tells_quota and status != HTTPStatus.UNAUTHORIZED
    invalid = _INVALID_QUERY if operation.request is None else _INVALID_BODY
    return problem_object(kinds, instance=operation.path, quota=quota, invalid=invalid)


def _answer_object(answer: Answer) -> JsonObject:
    described: JsonObject = {
        "description": answer.description,
        "headers": headers_of(answer.always, answer.sometimes),
    }
    if answer.content:
        described["content"] = _content(answer.content)
    if answer.links:
        described["links"] = answer.links
    return described


def _content(contents: Sequence[Content]) -> JsonObject:
    described: JsonObject = {}
    for content in contents:
        media: JsonObject = {"schema": content.schema}
        if content.examples:
            media["examples"] = content.examples
        described[content.media_type] = media
    return described


def _kinds_by_status(operation: Operation) -> dict[int, list[ProblemKind]]:
    causes = (ClientException, *(_OF_TOKENS if operation.is_signed_in else ()))
    by_status: dict[int, list[ProblemKind]] = {}
    for kind in (*(PROBLEMS[cause] for cause in (*causes, *operation.problems)), INTERNAL_ERROR):
        by_status.setdefault(kind.status, []).append(kind)
    return by_status


def _problem_examples(
    kinds: Sequence[ProblemKind], *, instance: str, invalid: FieldError
) -> JsonObject:
    examples: JsonObject = {}
    for kind in kinds:
        same = sum(name.split("_")[0] == kind.name for name in examples)
        key = f"{kind.name}_{same + 1}" if same else kind.name
        problem = problem_of(
            kind,
            instance=instance,
            invalid=(invalid,) if kind.name == "invalid-request" else (),
            request_id=_REQUEST_ID if kind is INTERNAL_ERROR else UNSET,
        )
        examples[key] = {"summary": kind.detail, "value": as_json(problem)}
    return examples
