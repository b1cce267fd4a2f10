"""The schemas of bodies, derived from the structs that are sent and from the limits enforced."""

from collections.abc import Sequence
from inspect import cleandoc
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.inspect import StructType, type_info

from events.codec import event_name
from events.ids import TASK_ID_PATTERN
from events.task import EVENT_TYPES, CloudEvent, Status, TaskEvent
from services.api.bodies import HistoryEntry, TaskBody
from services.api.event_streams import PROGRESS_EVENT
from services.api.health import Liveness, Readiness, Version
from services.api.openapi.json_values import JsonObject
from services.api.openapi.task_examples import REQUEST
from services.api.problems import Problem
from services.api.rate_limits import RateLimits, RateLimitsStatus
from services.api.refinement_requests import (
    ASPECTS,
    REQUIRED,
    TEXT_LENGTH_MAX,
    TEXT_LENGTH_MIN,
    TEXT_PATTERN,
    URL_LENGTH_MAX,
    URL_PATTERN,
)

BODIES: Final[tuple[type[Struct], ...]] = (
    TaskBody,
    HistoryEntry,
    Problem,
    Liveness,
    Readiness,
    Version,
    RateLimits,
    RateLimitsStatus,
)
TASK_ID: Final[JsonObject] = {"type": "string", "pattern": f"^{TASK_ID_PATTERN}$"}

_OURS: Final = "services.api."
_REFERENCE: Final = "#/components/schemas/{name}"


def reference(name: str) -> JsonObject:
    """A reference to a schema."""
    return {"$ref": _REFERENCE.format(name=name)}


def schema_components(engines: Sequence[str]) -> JsonObject:
    """Every schema by name; a request may ask for one of `engines`."""
    _, components = msgspec.json.schema_components(
        [*BODIES, *(CloudEvent[payload] for payload in EVENT_TYPES)],  # type: ignore[valid-type]  # a variable as a type argument
        ref_template=_REFERENCE,
    )
    for schema in components.values():
        schema["description"] = cleandoc(schema.get("description", ""))
    for body in _structs_of(BODIES):
        _say_what_is_sent(components[body.__name__], body)
    components["TaskBody"]["properties"]["task_id"] = TASK_ID
    components["Status"] = _status()
    components["RefinementRequest"] = _refinement_request(engines)
    components["HistoryEntry"]["properties"]["event"] = reference("TaskEvent")
    components["ServerSentEvent"] = _server_sent_event()
    components["TaskEvent"] = _task_event(components)
    return dict(sorted(components.items()))


def _structs_of(kinds: Sequence[type[Struct]]) -> list[type[Struct]]:
    """The structs of this API among these and what they are made of; events are not ours alone."""
    found: dict[type[Struct], None] = {}
    waiting = [type_info(kind) for kind in kinds]
    while waiting:
        one = waiting.pop()
        if isinstance(one, StructType):
            if one.cls not in found and one.cls.__module__.startswith(_OURS):
                found[one.cls] = None
                waiting.extend(field.type for field in one.fields)
        else:
            inner = (getattr(one, name, None) for name in ("item_type", "value_type"))
            waiting.extend(kind for kind in inner if kind is not None)
            waiting.extend(getattr(one, "types", ()))
    return list(found)


def _say_what_is_sent(schema: JsonObject, body: type[Struct]) -> None:
    """Narrow what may be read to what is written: without a value, a field is left out, not null.

    Where defaults are written too, every field that has one is always there.
    """
    is_omitted = body.__struct_config__.omit_defaults
    properties = schema["properties"]
    for name, described in properties.items():
        _ = described.pop("default", None)
        choices = [one for one in described.get("anyOf", ()) if one != {"type": "null"}]
        if is_omitted and len(choices) == 1:
            properties[name] = choices[0]
    schema["required"] = [
        field.encode_name
        for field in msgspec.structs.fields(body)
        if field.required or not (is_omitted or field.default is msgspec.UNSET)
    ]


def _status() -> JsonObject:
    shown = [status.value for status in Status if status is not Status.REMOVED]
    return {
        "title": "Status",
        "description": "Where a task stands. The last three are its end.",
        "type": "string",
        "enum": shown,
    }


def _refinement_request(engines: Sequence[str]) -> JsonObject:
    text = {
        "type": "string",
        "minLength": TEXT_LENGTH_MIN,
        "maxLength": TEXT_LENGTH_MAX,
        "pattern": TEXT_PATTERN,
    }
    optional_text = {**text, "type": ["string", "null"]}
    return {
        "title": "RefinementRequest",
        "description": "What to refine, and how. Unknown fields are refused.",
        "type": "object",
        "required": list(REQUIRED),
        "additionalProperties": False,
        "properties": {
            "original_image_url": {
                "description": "Where the image to refine is. Has no user name in it.",
                "type": "string",
                "format": "iri",
                "maxLength": URL_LENGTH_MAX,
                "pattern": URL_PATTERN,
            },
            "refinement_prompt": {"description": "What to change.", **text},
            "logo_description": {
                "description": "What the original was meant to show.",
                **optional_text,
            },
            "theme_description": {"description": "The theme of the original.", **optional_text},
            "preserve_aspects": {
                "description": "What has to stay as it is.",
                "type": ["array", "null"],
                "uniqueItems": True,
                "items": {"type": "string", "enum": list(ASPECTS)},
            },
            "engine": {
                "description": "Which engine is to refine, where the service offers a choice.",
                "enum": [*engines, None],
            },
        },
        "examples": [REQUEST],
    }


def _server_sent_event() -> JsonObject:
    names = [event_name(event_type) for event_type in EVENT_TYPES.values()]
    return {
        "title": "ServerSentEvent",
        "description": (
            "One event of a stream. Its `data` is a `TaskEvent`, and its `id` the position of that"
            " in the log; or it is `progress`, a `ProgressBody` without an `id`."
        ),
        "type": "object",
        "required": ["event", "data"],
        "properties": {
            "id": {"type": "string", "pattern": "^[1-9][0-9]*$"},
            "event": {"type": "string", "enum": [*names, PROGRESS_EVENT]},
            "data": {
                "type": "string",
                "contentMediaType": "application/json",
                "contentSchema": {
                    "anyOf": [reference("TaskEvent"), reference("ProgressBody")],
                },
            },
        },
    }


def _task_event(components: JsonObject) -> JsonObject:
    """The events as one: which it is, its `type` says. Takes the generated names out."""
    mapping: dict[str, str] = {}
    for payload, event_type in EVENT_TYPES.items():
        name = event_schema_name(payload)
        envelope = components.pop(f"CloudEvent_{payload.__name__}_")
        envelope["title"] = name
        envelope["properties"]["type"]["const"] = event_type
        components[name] = envelope
        mapping[event_type] = _REFERENCE.format(name=name)
    return {
        "title": "TaskEvent",
        "description": "An event of a task, byte for byte as it lies in the log: a CloudEvent.",
        "oneOf": [{"$ref": target} for target in mapping.values()],
        "discriminator": {"propertyName": "type", "mapping": mapping},
    }


def event_schema_name(payload: type[TaskEvent]) -> str:
    """The name of the schema of an event with its envelope."""
    return f"{payload.__name__}Event"
