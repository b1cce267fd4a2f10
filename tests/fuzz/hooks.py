"""What schemathesis cannot know of the API from its description."""

import os
import re
from itertools import count
from typing import Any, Final

import msgspec
import requests
import schemathesis
from hypothesis import strategies as st
from schemathesis import Case, HookContext, Response
from schemathesis.core.failures import Failure
from schemathesis.openapi.checks import RejectedPositiveData, UseAfterFree

from events.ids import is_task_id
from events.task import EVENT_TYPES, TaskCancelled
from services.api.event_streams import MEDIA_TYPE
from services.api.list_requests import CURSOR
from services.api.openapi.parameters import PARAMETERS
from services.api.problems import TYPE_PREFIX
from services.api.refinement_requests import IDEMPOTENCY_HEADER
from tests.unit.api_world import REFINE, SEED_REQUEST

EXAMPLE_KEY: Final = PARAMETERS["IdempotencyKey"]["example"]
TIMEOUT_S: Final = 5

# Addresses that are accepted for certain; the pattern in the description lets others through too.
_GOOD_ADDRESS: Final = (
    r"(?:http|HTTPS)://(?:a\.example|bücher\.example:8443|\[2001:4860:4860::8888\]:443)"
    r"/[abz09ä/._~%?&=#-]{0,40}"
)
# How a task that was cancelled looks: as it stands, and in its history.
_CANCELLED: Final = ('"status":"cancelled"', f'"{EVENT_TYPES[TaskCancelled]}"')
_CALLS: Final = count()
_KEYS: Final = count()

schemathesis.openapi.format("iri", st.from_regex(_GOOD_ADDRESS, fullmatch=True))


@schemathesis.hook
def before_call(context: HookContext, case: Case[Any], kwargs: dict[str, Any]) -> None:
    """Make of a request what finds something: a new key, a stream, an active task to cancel.

    Only of some, so that what is generated is sent as it is too.
    """
    del context, kwargs
    if next(_CALLS) % 4 == 0:
        return
    if case.path == REFINE:
        # Who waits for the end of a task cannot cancel it, and a key is good for one request.
        _ = case.headers.pop("Prefer", None)
        if case.headers.get(IDEMPOTENCY_HEADER) == EXAMPLE_KEY:
            case.headers[IDEMPOTENCY_HEADER] = f"{EXAMPLE_KEY}-{next(_KEYS)}"
    elif case.path.endswith("/events"):
        # A media type in `Accept` is no parameter.
        case.headers["Accept"] = MEDIA_TYPE
    elif case.path.endswith("/cancel") and is_task_id(str(case.path_parameters["task_id"])):
        case.path_parameters["task_id"] = _active_task(case) or case.path_parameters["task_id"]


def _active_task(case: Case[Any]) -> str | None:
    """The id of a task of this user that is active for a moment yet, if it has a token."""
    token = case.headers.get("Authorization")
    answer = requests.post(
        os.environ["FUZZ_API"] + REFINE,
        headers={"Authorization": str(token), "Content-Type": "application/json"},
        data=msgspec.json.encode(SEED_REQUEST),
        timeout=TIMEOUT_S,
    )
    return answer.json()["task_id"] if answer.status_code in {202, 409} else None


@schemathesis.hook
def filter_failure(
    context: HookContext, failure: Failure, case: Case[Any], response: Response
) -> bool:
    """Accept what no form can tell, and what deleting means here.

    Of the right form may be a key that was used before for something else, an address that leads
    inside, and a cursor that no `Link` has given. And deleting an active task cancels it: it stays
    in sight until it is deleted again.
    """
    del context
    if isinstance(failure, UseAfterFree):
        return not any(sign in response.text for sign in _CANCELLED)
    if not isinstance(failure, RejectedPositiveData) or response.status_code != 422:
        return True
    problem = response.json()
    if problem["type"] == f"{TYPE_PREFIX}idempotency-key-reused":
        return False
    refused = set(problem["field_errors"])
    if refused == {"original_image_url"} and isinstance(case.body, dict):
        return re.fullmatch(_GOOD_ADDRESS, str(case.body["original_image_url"])) is not None
    return refused != {CURSOR}
