"""The whole document: what `/schema/openapi.json` answers."""

from collections.abc import Sequence
from typing import Final

from litestar.exceptions import MethodNotAllowedException, NotFoundException

from services.api.openapi.headers import header_components
from services.api.openapi.json_values import JsonObject
from services.api.openapi.operation import BEARER, operation_object, problem_object
from services.api.openapi.parameters import PARAMETERS
from services.api.openapi.schemas import schema_components
from services.api.openapi.service_operations import SERVICE_OPERATIONS
from services.api.openapi.task_operations import TASK_OPERATIONS
from services.api.problems import PROBLEMS

OPENAPI_VERSION: Final = "3.1.1"
OPERATIONS: Final = (*TASK_OPERATIONS, *SERVICE_OPERATIONS)
# What every address may answer, and so no operation repeats.
ELSEWHERE: Final = {"NotFound": NotFoundException, "MethodNotAllowed": MethodNotAllowedException}

_DESCRIPTION: Final = (
    "Refines images of concepts: ask for a refinement, then follow its task.\n\n"
    "Errors are problems of RFC 9457. An address that is not here answers with `NotFound`, a"
    " method that an address does not support with `MethodNotAllowed` (see the components);"
    " `OPTIONS` lists in `Allow` those that it does. `HEAD` is answered wherever `GET` is, with"
    " its status and headers but without a body, and opens no stream. The server itself refuses a"
    " head that is no HTTP with 400, and one that is too large with 431: without a body,"
    " `X-Request-ID` or headers of CORS. Where pages of other origins may call the service, every"
    " other answer has the headers of CORS too. Query parameters that an operation does not have"
    " are ignored, unless it says that they are refused. Fields may be added to bodies: tolerate"
    " those you do not know."
)
_TAGS: Final = (
    ("concepts", "Ask for refinements."),
    ("tasks", "Follow, cancel and remove what was asked for."),
    ("health", "Whether the service lives and can work."),
    ("description", "What the service can be asked."),
)


def openapi_document(*, version: str, engines: Sequence[str]) -> JsonObject:
    """The document of a service of this version, where requests may ask for one of `engines`."""
    paths: JsonObject = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = operation_object(operation)
    return {
        "openapi": OPENAPI_VERSION,
        "info": {
            "title": "Concept Refinery",
            "version": version,
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "Where this document comes from."}],
        "tags": [{"name": name, "description": description} for name, description in _TAGS],
        "paths": paths,
        "components": {
            "schemas": schema_components(engines),
            "headers": header_components(),
            "parameters": PARAMETERS,
            "responses": {
                name: problem_object((PROBLEMS[cause],), instance="/api/nothing")
                for name, cause in ELSEWHERE.items()
            },
            "securitySchemes": {
                BEARER: {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "A JWT whose `sub` is the user; `exp` is required.",
                }
            },
        },
    }
