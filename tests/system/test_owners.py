"""Nobody learns of another user's task: not that it is there, not that it is not, on no route.

Routes and their parameters are those of the OpenAPI description, so that new ones are tried too.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec
import pytest
from yarl import URL

from events.ids import user_key_of
from services.embedded.credentials import load_or_create
from tests.system.customers import PROMPT, Answer, Customer
from tests.system.running import Service

UNKNOWN: Final = "task-01900000-0000-7000-8000-000000000000"
KEY: Final = "the-owners-first-request"
OWNERS_PROMPT: Final = "Nobody else may ever read these words: minimalist, lighter browns"
# Of each answer anew, whoever asks.
PERSONAL: Final = frozenset({"date", "x-request-id"})
STREAM: Final = {"Accept": "text/event-stream"}
# Other spellings of an id, and what only resembles it.
SPELLINGS: Final[Sequence[Callable[[str], str]]] = (
    lambda task_id: task_id,
    str.upper,
    lambda task_id: f"{task_id}%0A",
    lambda task_id: f"%20{task_id}",
    lambda task_id: task_id.replace("-", ""),
)

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """What a request may carry besides its body."""

    name: str
    place: str = msgspec.field(name="in")


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """Where a parameter is described that several operations have."""

    pointer: str = msgspec.field(name="$ref")


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One method of one route; a body is described for those that take one."""

    references: tuple[Reference, ...] = msgspec.field(default=(), name="parameters")
    parameters: tuple[Parameter, ...] = msgspec.field(default=(), name="resolved")
    body: dict[str, Any] | None = msgspec.field(default=None, name="requestBody")
    method: str = ""
    path: str = ""

    @property
    def is_of_a_task(self) -> bool:
        """Whether it is addressed by the id of a task."""
        return "{task_id}" in self.path


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """How an operation is called: a query, and headers."""

    query: Mapping[str, str] = {}
    headers: Mapping[str, str] = {}


class Components(msgspec.Struct, frozen=True, kw_only=True):
    """What operations refer to."""

    parameters: dict[str, Parameter]


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """The part of the OpenAPI description that is needed here."""

    paths: dict[str, dict[str, Operation]]
    components: Components

    def parameters_of(self, operation: Operation) -> tuple[Parameter, ...]:
        """The parameters of an operation, itself instead of where they are described."""
        return tuple(
            self.components.parameters[reference.pointer.rpartition("/")[2]]
            for reference in operation.references
        )


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """A user with a completed task and an active one, and what only this user may know."""

    customer: Customer
    task_ids: tuple[str, str]
    secrets: frozenset[str]
    # By name: values that work for the owner, in the parameters of any operation.
    values: Mapping[str, str]


async def test_a_task_of_others_is_an_unknown_one(
    stack: Service, customer: Callable[[], Customer], picture_url: str
) -> None:
    """On every route with an id: the same status, headers and bytes, and nothing is done to it."""
    operations = [one for one in await operations_of(customer()) if one.is_of_a_task]
    assert len(operations) >= 5
    async with owner_of_tasks(stack, customer(), picture_url) as owner:
        before = [await state_of(owner.customer, task_id) for task_id in owner.task_ids]
        for operation in operations:
            for request in requests_of(operation, owner):
                for spell in SPELLINGS:
                    stranger = customer()
                    unknown = await call(stranger, operation, request, spell(UNKNOWN))
                    for task_id in owner.task_ids:
                        foreign = await call(stranger, operation, request, spell(task_id))
                        assert seen(foreign, task_id) == seen(unknown, UNKNOWN), operation
                    is_known = "Authorization" not in request.headers
                    assert unknown.status == (404 if is_known else 401), operation

        after = [await state_of(owner.customer, task_id) for task_id in owner.task_ids]
    assert after == before
    assert (await owner.customer.ended(owner.task_ids[1]))["status"] == "completed"


async def test_no_other_route_tells_of_a_task_of_others(
    stack: Service, customer: Callable[[], Customer], picture_url: str
) -> None:
    """Whatever a stranger knows and sends along: cursors, keys and tags are worth nothing."""
    operations = [one for one in await operations_of(customer()) if not one.is_of_a_task]
    assert {"/api/tasks", "/api/concepts/refine"} <= {one.path for one in operations}
    async with owner_of_tasks(stack, customer(), picture_url) as owner:
        for operation in operations:
            for request in requests_of(operation, owner):
                stranger = customer()
                body = {"original_image_url": picture_url, "refinement_prompt": PROMPT}
                answer = await call(
                    stranger, operation, request, json=None if operation.body is None else body
                )
                shown = answer.body.decode() + repr(dict(answer.headers))
                told = {secret for secret in owner.secrets if secret in shown}
                assert not told, f"{operation.path} tells {told}"
                assert answer.status < 500, operation

    assert (await owner.customer.ended(owner.task_ids[1]))["status"] == "completed"


async def operations_of(somebody: Customer) -> list[Operation]:
    """Every operation that the running service describes."""
    answer = await somebody.call("GET", "/schema/openapi.json")
    described = msgspec.json.decode(answer.body, type=Description)
    return [
        msgspec.structs.replace(
            operation,
            method=method.upper(),
            path=path,
            parameters=described.parameters_of(operation),
        )
        for path, operations in described.paths.items()
        for method, operation in operations.items()
    ]


@asynccontextmanager
async def owner_of_tasks(
    stack: Service, customer: Customer, picture_url: str
) -> AsyncIterator[Owner]:
    """An owner, whose second task stays active until the end of the block."""
    first = await customer.refine(picture_url, prompt=OWNERS_PROMPT, key=KEY)
    completed = await customer.ended(first.json["task_id"])
    with stack.frozen("worker"):
        second = await customer.refine(picture_url, prompt=OWNERS_PROMPT)
        yield await owner_with(stack, customer, completed, second.json["task_id"])


async def owner_with(
    stack: Service, customer: Customer, completed: Mapping[str, Any], active: str
) -> Owner:
    """An owner of these tasks, and all that others must not get to know or could make use of."""
    task_ids = (completed["task_id"], active)
    _, query = await customer.page("?limit=1")
    history = await customer.call("GET", f"/api/tasks/{task_ids[0]}/events")
    positions = [one["position"] for one in msgspec.json.decode(history.body)]
    key_secret = load_or_create(stack.data).user_key_secret
    return Owner(
        customer=customer,
        task_ids=task_ids,
        secrets=frozenset(
            {
                *task_ids,
                customer.user,
                user_key_of(customer.user, secret=key_secret.encode()),
                completed["result"]["concept_id"],
                OWNERS_PROMPT,
            }
        ),
        values={
            "Idempotency-Key": KEY,
            "If-None-Match": (await customer.task(task_ids[1])).headers["ETag"],
            "Last-Event-ID": str(positions[0]),
            "Prefer": "wait=2",
            "X-Request-ID": "request-of-the-owner",
            "cursor": URL(query).query["cursor"],
            "limit": "50",
            "status": "completed",
        },
    )


def requests_of(operation: Operation, owner: Owner) -> Iterator[Request]:
    """Bare, without a token, as a stream, and with each parameter as the owner would give it."""
    yield Request()
    yield Request(headers=STREAM)
    yield Request(headers={"Authorization": "Bearer none"})
    for parameter in operation.parameters:
        match parameter.place:
            case "header":
                yield Request(headers={parameter.name: owner.values[parameter.name]})
                yield Request(headers=STREAM | {parameter.name: owner.values[parameter.name]})
            case "query":
                yield Request(query={parameter.name: owner.values[parameter.name]})
            case _:
                known = {"task_id", "asset"}
                assert parameter.name in known, "a new kind of address: try others' there too"


async def call(
    somebody: Customer,
    operation: Operation,
    request: Request,
    task_id: str = "",
    *,
    json: Mapping[str, str] | None = None,
) -> Answer:
    """Call an operation in somebody's name."""
    path = operation.path.format(task_id=task_id, asset="page.css")
    query = str(URL().with_query(request.query))
    return await somebody.call(operation.method, path + query, json=json, headers=request.headers)


def seen(answer: Answer, task_id: str) -> tuple[int, dict[str, str], str]:
    """All that an answer shows, except which id was asked for."""
    headers = {
        name: value for name, value in answer.headers.items() if name.lower() not in PERSONAL
    }
    text = answer.body.decode()
    for spell in SPELLINGS:
        text = text.replace(spell(task_id), "TASK")
    return answer.status, headers, text


async def state_of(owner: Customer, task_id: str) -> tuple[str, bytes]:
    """How its owner sees a task: its status, and its history."""
    task = await owner.task(task_id)
    history = await owner.call("GET", f"/api/tasks/{task_id}/events")
    assert (task.status, history.status) == (200, 200)
    return task.json["status"], history.body
