"""The description of the API: valid, complete, true, and changed only on purpose."""

import difflib
import json
from collections.abc import Iterator
from typing import Any, Final

import jsonschema_rs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar.enums import HttpMethod
from openapi_spec_validator import validate

from events.task import EVENT_TYPES, TaskEvent
from services.api.app import create_app
from services.api.openapi.document import openapi_document
from services.api.openapi.schemas import event_schema_name
from services.api.problems import INTERNAL_ERROR, PROBLEMS, TYPE_PREFIX
from services.api.refinement_requests import (
    ASPECTS,
    IDEMPOTENCY_PATTERN,
    Invalid,
    read_idempotency_key,
    read_request,
)
from services.runtime.settings import EngineSettings
from tests.reference import OPENAPI, openapi_text, schema_text
from tests.unit.api_world import SEED_REQUEST, World

JsonObject = dict[str, Any]

DOCUMENT: Final = openapi_document(version="0", engines=("local", "openai"))
COMPONENTS: Final[JsonObject] = DOCUMENT["components"]
DIFFERENCES_SHOWN_MAX: Final = 80

texts = st.text() | st.text(alphabet=" \t\n\x0b\x85\u00a0\u2003ab\x00", max_size=8)


def test_the_document_is_openapi() -> None:
    """The rules of OpenAPI 3.1, among them that every reference leads somewhere."""
    validate(DOCUMENT)


def test_the_contract_has_not_changed_unseen() -> None:
    """Whoever changes what clients rely on sees it in the review of this file."""
    committed = OPENAPI.read_text(encoding="utf-8")
    current = openapi_text()

    differences = list(
        difflib.unified_diff(
            committed.splitlines(), current.splitlines(), "committed", "current", lineterm="", n=2
        )
    )

    assert not differences, "\n".join(
        (
            "The API's description is not the committed one. If clients can live with it, run",
            "`python -m tests.reference`, commit tests/golden/openapi.json, and say in the",
            "changelog what they will notice. The differences:",
            *differences[:DIFFERENCES_SHOWN_MAX],
        )
    )


async def test_the_served_document_is_this_one() -> None:
    """What a client reads is what the tests look at, with the version of the service."""
    async with World().client() as client:
        served = (await client.get("/schema/openapi.json")).json()
        version = (await client.get("/api/health/version")).json()["version"]

    engines = EngineSettings().engines_on_request
    assert served == openapi_document(version=version, engines=engines)


def test_every_route_is_described_and_every_operation_is_routed() -> None:
    """No address, and no method of one, is missing on either side."""
    application = create_app(World().dependencies())

    routed = {
        (route.path_format, method.lower())
        for route in application.routes
        for method in route.methods
        if method != HttpMethod.OPTIONS
    }

    assert routed == {(path, method) for path, method, _ in operations()}


def test_operation_ids_are_unique() -> None:
    """Generated clients make a function of each."""
    names = [operation["operationId"] for _, _, operation in operations()]

    assert len(names) == len(set(names))
    assert all(name.isalpha() for name in names)


def test_every_operation_says_what_it_is_and_what_it_answers() -> None:
    """With words, a tag that exists, a problem for what nobody expects, and a token if needed."""
    tags = {tag["name"] for tag in DOCUMENT["tags"]}

    for path, _, operation in operations():
        assert operation["summary"]
        assert operation["description"]
        assert set(operation["tags"]) <= tags
        assert {"400", "500"} <= operation["responses"].keys()
        is_open = path.startswith(("/api/health/", "/schema"))
        assert ("401" in operation["responses"]) == ("security" in operation)
        assert is_open or operation["security"] == [{"BearerToken": []}]


def test_every_answer_names_its_headers_and_bodies_where_it_has_one() -> None:
    """Every answer has the request's id; those without content have none."""
    for _, _, operation in operations():
        for status, answer in operation["responses"].items():
            assert "X-Request-ID" in answer["headers"]
            assert ("content" in answer) == (status not in {"204", "304"})


def test_every_problem_is_an_example_on_its_status() -> None:
    """The table that answers errors is told completely, and nothing beside it."""
    shown = {
        (example["value"]["status"], example["value"]["type"], example["value"]["detail"])
        for answer in answers()
        for example in answer.get("content", {})
        .get("application/problem+json", {})
        .get("examples", {})
        .values()
    }

    assert shown == {
        (kind.status, TYPE_PREFIX + kind.name, kind.detail)
        for kind in (*PROBLEMS.values(), INTERNAL_ERROR)
    }


def test_problems_are_shown_on_the_status_they_have() -> None:
    """A client finds under 404 what is a 404."""
    for _, _, operation in operations():
        for status, answer in operation["responses"].items():
            problems = answer.get("content", {}).get("application/problem+json", {})
            for example in problems.get("examples", {}).values():
                assert str(example["value"]["status"]) == status


def test_examples_are_what_they_are_examples_of() -> None:
    """Every example of a body is valid by the schema it stands beside."""
    count = 0
    for content in contents():
        validator = validator_of(content["schema"])
        for example in content.get("examples", {}).values():
            assert [error.message for error in validator.iter_errors(example["value"])] == []
            count += 1

    assert count > 50


def test_a_task_is_shown_in_every_state() -> None:
    """A client sees what it will have to deal with."""
    shown = DOCUMENT["paths"]["/api/tasks/{task_id}"]["get"]["responses"]["200"]["content"]
    examples = shown["application/json"]["examples"].values()

    states = [example["value"]["status"] for example in examples]

    assert states == COMPONENTS["schemas"]["Status"]["enum"]


def test_examples_of_headers_and_parameters_are_valid() -> None:
    """What is told about a header is true of its example."""
    for described in (*COMPONENTS["headers"].values(), *COMPONENTS["parameters"].values()):
        assert validator_of(described["schema"]).is_valid(described["example"])


@pytest.mark.parametrize("payload", EVENT_TYPES)
def test_events_are_those_of_the_published_schemas(payload: type[TaskEvent]) -> None:
    """Who reads a task's history and who subscribes to the log read the same events."""
    published = msgspec.json.decode(schema_text(payload))
    schemas = json.loads(
        json.dumps(COMPONENTS["schemas"]).replace("#/components/schemas/", "#/$defs/")
    )
    envelope = published["$defs"].pop(published["$ref"].removeprefix("#/$defs/"))
    _ = envelope.pop("title")

    described = schemas[event_schema_name(payload)]
    _ = described.pop("title")

    assert described == envelope
    assert {name: schemas[name] for name in published["$defs"]} == published["$defs"]


def test_a_history_tells_its_events_apart() -> None:
    """An event is valid as the one that its `type` says, and as no other."""
    validator = validator_of({"$ref": "#/components/schemas/TaskEvent"})
    history = DOCUMENT["paths"]["/api/tasks/{task_id}/events"]["get"]["responses"]["200"]
    example = history["content"]["application/json"]["examples"]["completed"]["value"]

    event = example[0]["event"]

    assert validator.is_valid(event)
    assert not validator.is_valid({**event, "type": "concepts.task.failed.v1"})
    assert not validator.is_valid({**event, "type": "concepts.task.unheard-of.v1"})


def test_examples_of_a_stream_carry_what_they_say() -> None:
    """The data of an event is JSON, and what its schema says is in it."""
    schema = COMPONENTS["schemas"]["ServerSentEvent"]["properties"]["data"]["contentSchema"]
    history = DOCUMENT["paths"]["/api/tasks/{task_id}/events"]["get"]["responses"]["200"]
    examples = history["content"]["text/event-stream"]["examples"].values()

    carried = [json.loads(example["value"]["data"]) for example in examples]

    assert len(carried) == 2
    assert all(validator_of(schema).is_valid(data) for data in carried)


def test_the_limits_are_those_that_are_enforced() -> None:
    """At the limit accepted, one past it refused; the choices are all there are."""
    properties = COMPONENTS["schemas"]["RefinementRequest"]["properties"]
    prompt = properties["refinement_prompt"]

    outcomes = [
        is_accepted("refinement_prompt", "x" * length)
        for length in (
            prompt["minLength"] - 1,
            prompt["minLength"],
            prompt["maxLength"],
            prompt["maxLength"] + 1,
        )
    ]

    assert outcomes == [False, True, True, False]
    assert set(properties) == {*SEED_REQUEST, "preserve_aspects", "engine"}
    assert tuple(properties["preserve_aspects"]["items"]["enum"]) == ASPECTS
    assert properties["engine"]["enum"] == ["local", "openai", None]


@given(text=texts)
def test_a_text_is_accepted_if_and_only_if_its_schema_says_so(text: str) -> None:
    """Clients can check texts themselves, blanks around them and controls in them included."""
    schema = COMPONENTS["schemas"]["RefinementRequest"]["properties"]["refinement_prompt"]

    assert validator_of(schema).is_valid(text) == is_accepted("refinement_prompt", text)


@given(address=st.text() | st.from_regex(r"\A(?i:https?)://[\[\]a-z0-9:@.\\ /?#]*\Z"))
def test_an_address_that_is_accepted_has_the_form_that_is_described(address: str) -> None:
    """The form is necessary; what is an address of IPv6, or leads inside, it does not say."""
    schema = COMPONENTS["schemas"]["RefinementRequest"]["properties"]["original_image_url"]

    if is_accepted("original_image_url", address):
        assert jsonschema_rs.Draft202012Validator(schema).is_valid(address)


@given(key=st.text(alphabet=' !"a~', max_size=6) | st.text())
def test_an_idempotency_key_is_accepted_if_and_only_if_its_schema_says_so(key: str) -> None:
    """In quotes or not, and never empty."""
    schema = COMPONENTS["parameters"]["IdempotencyKey"]["schema"]

    try:
        is_read = read_idempotency_key([key]) is not None
    except Invalid:
        is_read = False

    assert IDEMPOTENCY_PATTERN in schema["pattern"]
    assert validator_of(schema).is_valid(key) == is_read


def operations() -> Iterator[tuple[str, str, JsonObject]]:
    """Every operation, with its path and its method."""
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def answers() -> Iterator[JsonObject]:
    """Every answer of every operation, and those that any address may give."""
    for _, _, operation in operations():
        yield from operation["responses"].values()
    yield from COMPONENTS["responses"].values()


def contents() -> Iterator[JsonObject]:
    """Every body there may be, of requests and of answers."""
    for _, _, operation in operations():
        yield from operation.get("requestBody", {}).get("content", {}).values()
    for answer in answers():
        yield from answer.get("content", {}).values()


def validator_of(schema: JsonObject) -> jsonschema_rs.Draft202012Validator:
    """What tells whether a value is valid by a schema of the document."""
    whole = {**schema, "components": COMPONENTS}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)


def is_accepted(field: str, value: str) -> bool:
    """Whether a request is taken in which a field has this value."""
    body = json.dumps(SEED_REQUEST | {field: value}).encode()
    return not isinstance(read_request(body, engines=(), may_fetch=lambda _: True), tuple)
