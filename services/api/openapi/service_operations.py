"""The operations that tell about the service itself: its health, and what it can be asked."""

from typing import Final

from litestar.exceptions import NotFoundException

from events.log import LogUnavailable
from services.api.openapi import service_examples as examples
from services.api.openapi.headers import CACHING, QUOTA
from services.api.openapi.operation import Answer, Content, Operation
from services.api.openapi.schemas import reference

# As registered for OpenAPI documents, with a suffix that makes a browser show it.
DOCUMENT: Final = "application/vnd.oai.openapi+json"
HTML: Final = "text/html"
CSS: Final = "text/css"

_LIVE: Final = Operation(
    method="get",
    path="/api/health/live",
    operation_id="live",
    tag="health",
    summary="Whether the process lives",
    description="Asks nobody.",
    answers=(
        Answer(
            status=200,
            description="It does.",
            content=(Content(schema=reference("Liveness"), examples=examples.live_examples()),),
        ),
    ),
    is_signed_in=False,
)

_READY: Final = Operation(
    method="get",
    path="/api/health/ready",
    operation_id="ready",
    tag="health",
    summary="Whether requests can be served",
    description="Asks the log, the views and the object store, each for a moment only.",
    answers=(
        Answer(
            status=200,
            description="Requests are served, some perhaps more slowly.",
            content=(Content(schema=reference("Readiness"), examples=examples.ready_examples()),),
        ),
        Answer(
            status=503,
            description="No request can be taken: the log does not answer.",
            content=(Content(schema=reference("Readiness"), examples=examples.unready_examples()),),
        ),
    ),
    is_signed_in=False,
)

_VERSION: Final = Operation(
    method="get",
    path="/api/health/version",
    operation_id="version",
    tag="health",
    summary="Which build answers",
    description="Name and version of the service.",
    answers=(
        Answer(
            status=200,
            description="The build.",
            content=(Content(schema=reference("Version"), examples=examples.version_examples()),),
        ),
    ),
    is_signed_in=False,
)

_RATE_LIMITS: Final = Operation(
    method="get",
    path="/api/health/rate-limits",
    operation_id="rateLimits",
    tag="health",
    summary="Show the quota",
    description="How the caller's quota stands, without using any of it.",
    answers=(
        Answer(
            status=200,
            description="The caller's quota.",
            content=(Content(schema=reference("RateLimits"), examples=examples.quota_examples()),),
            always=(CACHING, *QUOTA),
        ),
    ),
    problems=(LogUnavailable,),
)

_RATE_LIMITS_STATUS: Final = Operation(
    method="get",
    path="/api/health/rate-limits-status",
    operation_id="rateLimitsStatus",
    tag="health",
    summary="Show what is left of the quota",
    description="Whether another request would be accepted, without using any of the quota.",
    answers=(
        Answer(
            status=200,
            description="What is left of the caller's quota.",
            content=(
                Content(
                    schema=reference("RateLimitsStatus"),
                    examples=examples.quota_status_examples(),
                ),
            ),
            always=(CACHING, *QUOTA),
        ),
    ),
    problems=(LogUnavailable,),
)

_DESCRIBE: Final = Operation(
    method="get",
    path="/schema/openapi.json",
    operation_id="document",
    tag="description",
    summary="Describe the API to programs",
    description="This document.",
    answers=(
        Answer(
            status=200,
            description="An OpenAPI 3.1 document.",
            content=(Content(media_type=DOCUMENT, schema={"type": "object"}),),
            always=(CACHING, "X-Content-Type-Options"),
        ),
    ),
    is_signed_in=False,
)

_PAGE: Final = Operation(
    method="get",
    path="/schema",
    operation_id="page",
    tag="description",
    summary="Describe the API to people",
    description="This document as a page: no script, and nothing from elsewhere.",
    answers=(
        Answer(
            status=200,
            description="A page.",
            content=(Content(media_type=HTML, schema={"type": "string"}),),
            always=(CACHING, "Content-Security-Policy", "X-Content-Type-Options"),
        ),
    ),
    is_signed_in=False,
)

_ASSET: Final = Operation(
    method="get",
    path="/schema/assets/{asset}",
    operation_id="asset",
    tag="description",
    summary="Show what the page needs",
    description="A file that the page refers to. Its name changes with its content.",
    parameters=("Asset",),
    answers=(
        Answer(
            status=200,
            description="The file.",
            content=(Content(media_type=CSS, schema={"type": "string"}),),
            always=(CACHING, "X-Content-Type-Options"),
        ),
    ),
    problems=(NotFoundException,),
    is_signed_in=False,
)

SERVICE_OPERATIONS: Final = (
    _LIVE,
    _READY,
    _VERSION,
    _RATE_LIMITS,
    _RATE_LIMITS_STATUS,
    _DESCRIBE,
    _PAGE,
    _ASSET,
)
