"""How the API describes itself (OpenAPI), where Litestar cannot read it off the routes.

Routes decode and encode bodies themselves, to report all errors of a request at once; so the
request's schema is written here from the same limits, and the answers are named here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from litestar.openapi import OpenAPIConfig, ResponseSpec
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import (
    Components,
    OpenAPIFormat,
    OpenAPIMediaType,
    OpenAPIType,
    Operation,
    Parameter,
    RequestBody,
    Schema,
    SecurityScheme,
)
from msgspec import Struct

from services.api.bodies import HistoryEntry, TaskBody
from services.api.list_requests import CURSOR, LIMIT, LIMIT_DEFAULT, LIMIT_MAX, STATUS, STATUSES
from services.api.problems import MEDIA_TYPE, Problem
from services.api.refinement_requests import (
    ASPECTS,
    IDEMPOTENCY_HEADER,
    REQUIRED,
    TEXT_LENGTH_MAX,
    TEXT_LENGTH_MIN,
    URL_LENGTH_MAX,
)

_BEARER: Final = "BearerToken"


def answer_of(
    body: type[Struct] | type[list[HistoryEntry]] | type[list[TaskBody]], description: str
) -> ResponseSpec:
    """An answer with a JSON body."""
    return ResponseSpec(data_container=body, description=description, generate_examples=False)


def problem_of(description: str) -> ResponseSpec:
    """An answer with an RFC 9457 problem."""
    return ResponseSpec(
        data_container=Problem,
        description=description,
        generate_examples=False,
        media_type=MEDIA_TYPE,
    )


_UNAUTHORIZED: Final = problem_of("No valid bearer token.")
_UNAVAILABLE: Final = problem_of("Not possible right now; see Retry-After.")

REFINE_RESPONSES: Final[Mapping[int, ResponseSpec]] = {
    202: answer_of(TaskBody, "The task; see Location and Retry-After."),
    400: problem_of("The request could not be understood."),
    401: _UNAUTHORIZED,
    404: problem_of("The URL names no image of our own store that the user may read."),
    408: problem_of("The body was not received in time."),
    409: answer_of(TaskBody, "The task that is already in progress."),
    413: problem_of("The body has too many bytes."),
    415: problem_of("The body is not application/json."),
    422: problem_of("The request is not valid; field_errors and errors have all that is wrong."),
    429: problem_of("The month's quota is spent; see Retry-After."),
    503: _UNAVAILABLE,
}
TASK_RESPONSES: Final[Mapping[int, ResponseSpec]] = {
    200: answer_of(TaskBody, "The task."),
    304: ResponseSpec(data_container=None, description="Nothing has changed; see If-None-Match."),
    400: problem_of("The request could not be understood."),
    401: _UNAUTHORIZED,
    404: problem_of("The user has no such task."),
    503: _UNAVAILABLE,
}
HISTORY_RESPONSES: Final[Mapping[int, ResponseSpec]] = {
    200: answer_of(list[HistoryEntry], "The events; a stream of them if that is accepted."),
    204: ResponseSpec(data_container=None, description="The stream has been read to its end."),
    400: problem_of("The request could not be understood."),
    401: _UNAUTHORIZED,
    404: problem_of("The user has no such task."),
    429: problem_of("Too many streams of this user are open."),
    503: _UNAVAILABLE,
}
CANCEL_RESPONSES: Final[Mapping[int, ResponseSpec]] = {
    200: answer_of(TaskBody, "The task, cancelled; quota_refunded says if its request counts."),
    400: problem_of("The request could not be understood."),
    401: _UNAUTHORIZED,
    404: problem_of("The user has no such task."),
    409: answer_of(TaskBody, "The task has ended before."),
    503: _UNAVAILABLE,
}
REMOVE_RESPONSES: Final[Mapping[int, ResponseSpec]] = {
    204: ResponseSpec(data_container=None, description="Cancelled if it was active, else removed."),
    400: problem_of("The request could not be understood."),
    401: _UNAUTHORIZED,
    404: problem_of("The user has no such task."),
    503: _UNAVAILABLE,
}
LIST_RESPONSES: Final[Mapping[int, ResponseSpec]] = {
    200: answer_of(list[TaskBody], "Tasks, newest first; Link leads to the next page, if any."),
    400: problem_of("The request could not be understood."),
    401: _UNAUTHORIZED,
    422: problem_of("The query is not valid; field_errors and errors have all that is wrong."),
    503: _UNAVAILABLE,
}


def _text(description: str) -> Schema:
    return Schema(
        type=OpenAPIType.STRING,
        min_length=TEXT_LENGTH_MIN,
        max_length=TEXT_LENGTH_MAX,
        description=description,
    )


def _optional_text(description: str) -> Schema:
    return Schema(one_of=[_text(description), Schema(type=OpenAPIType.NULL)])


def request_schema() -> Schema:
    """The schema of a refinement request."""
    return Schema(
        title="RefinementRequest",
        type=OpenAPIType.OBJECT,
        required=list(REQUIRED),
        additional_properties=False,
        properties={
            "original_image_url": Schema(
                type=OpenAPIType.STRING,
                format=OpenAPIFormat.URL,
                pattern="^https?://",
                max_length=URL_LENGTH_MAX,
                description="Where the image to refine is.",
            ),
            "refinement_prompt": _text("What to change."),
            "logo_description": _optional_text("What the original was meant to show."),
            "theme_description": _optional_text("The theme of the original."),
            "preserve_aspects": Schema(
                type=[OpenAPIType.ARRAY, OpenAPIType.NULL],
                unique_items=True,
                items=Schema(type=OpenAPIType.STRING, enum=list(ASPECTS)),
                description="What has to stay as it is.",
            ),
            "engine": Schema(
                type=[OpenAPIType.STRING, OpenAPIType.NULL],
                description="Which engine is to refine, where the service offers a choice.",
            ),
        },
        examples=[
            {
                "original_image_url": "https://storage.example.com/concepts/1234.png",
                "refinement_prompt": "Make the logo more minimalist",
                "logo_description": "A modern coffee shop logo with coffee beans",
            }
        ],
    )


@dataclass
class TaskOperation(Operation):
    """An operation that needs a token."""

    def __post_init__(self) -> None:
        """Say that it needs one."""
        self.security = [{_BEARER: []}]


_WAIT: Final = Parameter(
    name="Prefer",
    param_in="header",
    required=False,
    description="`wait=N`: answer when the task has moved, or after N seconds (at most 60).",
    schema=Schema(type=OpenAPIType.STRING),
)


@dataclass
class ReadTaskOperation(TaskOperation):
    """The operation that reads a task, and may wait for it."""

    def __post_init__(self) -> None:
        """Add the headers that the route reads itself."""
        super().__post_init__()
        tag = Parameter(
            name="If-None-Match",
            param_in="header",
            required=False,
            description="The ETag of the body that the client has.",
            schema=Schema(type=OpenAPIType.STRING),
        )
        self.parameters = [*(self.parameters or ()), tag, _WAIT]


@dataclass
class HistoryOperation(TaskOperation):
    """The operation that follows a task."""

    def __post_init__(self) -> None:
        """Add the header that the route reads itself."""
        super().__post_init__()
        resume = Parameter(
            name="Last-Event-ID",
            param_in="header",
            required=False,
            description="The position that a stream is resumed after.",
            schema=Schema(type=OpenAPIType.STRING),
        )
        self.parameters = [*(self.parameters or ()), resume]


@dataclass
class RefineOperation(TaskOperation):
    """The operation that takes a refinement request."""

    def __post_init__(self) -> None:
        """Add what the route reads itself: the body and the idempotency key."""
        super().__post_init__()
        self.request_body = RequestBody(
            required=True,
            content={"application/json": OpenAPIMediaType(schema=request_schema())},
        )
        self.parameters = [
            Parameter(
                name=IDEMPOTENCY_HEADER,
                param_in="header",
                required=False,
                description="The same key and request again answer with the same task.",
                schema=Schema(type=OpenAPIType.STRING, min_length=1, max_length=257),
            ),
            _WAIT,
        ]


@dataclass
class ListOperation(TaskOperation):
    """The operation that lists tasks."""

    def __post_init__(self) -> None:
        """Add what the route reads itself: the query."""
        super().__post_init__()
        self.parameters = [
            Parameter(
                name=STATUS,
                param_in="query",
                description="Only tasks in these statuses; without it, in any.",
                style="form",
                explode=False,
                schema=Schema(
                    type=OpenAPIType.ARRAY,
                    min_items=1,
                    items=Schema(type=OpenAPIType.STRING, enum=list(STATUSES)),
                ),
            ),
            Parameter(
                name=LIMIT,
                param_in="query",
                description="How many tasks at most.",
                schema=Schema(
                    type=OpenAPIType.INTEGER,
                    minimum=1,
                    maximum=LIMIT_MAX,
                    default=LIMIT_DEFAULT,
                ),
            ),
            Parameter(
                name=CURSOR,
                param_in="query",
                description="Where the page begins: from the Link of the page before it.",
                schema=Schema(type=OpenAPIType.STRING),
            ),
        ]


def openapi_config(*, version: str) -> OpenAPIConfig:
    """The description at `/schema/openapi.json`: JSON only, because pages would load scripts."""
    return OpenAPIConfig(
        title="Concept Refinery",
        version=version,
        description="Refines images of concepts: ask, then follow the task.",
        path="/schema",
        render_plugins=[JsonRenderPlugin()],
        components=Components(
            security_schemes={
                _BEARER: SecurityScheme(type="http", scheme="bearer", bearer_format="JWT")
            }
        ),
    )
