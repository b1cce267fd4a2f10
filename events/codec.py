"""Between stored bytes and events: the one place where unknown and malformed events stop.

Readers tolerate fields they do not know, so that an older reader survives a newer writer; an event
*type* they do not know is an error, because its meaning cannot be guessed.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from events.log import StoredEvent
from events.subjects import parse_subject
from events.task import EVENT_TYPES, CloudEvent, RecordedEvent, TaskEvent, TaskRequested

CONTENT_TYPE: Final = "application/cloudevents+json"

Fields = dict[str, object]


class Upcast(msgspec.Struct, frozen=True, kw_only=True):
    """One step from an old version of an event to the next: its new type, its payload rewritten."""

    to_type: str
    rewrite: Callable[[Fields], Fields]


# From an old type to the step that lifts it. Empty as long as every event is at its first version.
UPCASTS: Final[Mapping[str, Upcast]] = {}


class UnreadableEvent(ValueError):
    """A stored message that is not an event of ours; `position` says where it lies."""

    def __init__(self, *, position: int, reason: str) -> None:
        super().__init__(f"the event at position {position} cannot be read: {reason}")
        self.position = position
        self.reason = reason


class UnknownEvent(UnreadableEvent):
    """An event of a type that this version does not know."""

    def __init__(self, *, position: int, event_type: str) -> None:
        super().__init__(position=position, reason=f"unknown type {event_type!r}")
        self.event_type = event_type


class _Typed(msgspec.Struct, frozen=True):
    type: str


_ENCODER: Final = msgspec.json.Encoder()
_TYPE: Final = msgspec.json.Decoder(_Typed)
_FIELDS: Final = msgspec.json.Decoder(Fields)
# The type of an event stands in its envelope, so the payload is chosen before it is decoded.
_DECODERS: Final[Mapping[str, msgspec.json.Decoder[CloudEvent[TaskEvent]]]] = {
    event_type: msgspec.json.Decoder(CloudEvent[payload])  # type: ignore[valid-type]  # a variable as a type argument
    for payload, event_type in EVENT_TYPES.items()
}


def encode(event: CloudEvent[TaskEvent]) -> bytes:
    """The body of an event: the bytes that are stored, hashed, exported and handed on."""
    return _ENCODER.encode(event)


def body_hash(body: bytes) -> str:
    """SHA-256 of a body, in hexadecimal."""
    return hashlib.sha256(body).hexdigest()


def decode(stored: StoredEvent, *, upcasts: Mapping[str, Upcast] = UPCASTS) -> RecordedEvent:
    """The event in a stored message, lifted to its newest version; stored bytes stay as they are.

    Raises:
        UnknownEvent: its type is not known here.
        UnreadableEvent: it is not JSON, not an event, or not the event its subject names.
    """
    try:
        place = parse_subject(stored.subject)
        event_type = _TYPE.decode(stored.body).type
        body = stored.body
        if event_type in upcasts:
            event_type, body = _lift(event_type, body, upcasts)
        decoder = _DECODERS.get(event_type)
        if decoder is None:
            raise UnknownEvent(position=stored.position, event_type=event_type)
        event = decoder.decode(body)
    except UnreadableEvent:
        raise
    # Hostile or damaged bytes: not text, nested without end, or not what an upcast step expects.
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        raise UnreadableEvent(position=stored.position, reason=str(error)) from error
    names = {event.subject}
    if isinstance(event.data, TaskRequested):
        names.add(event.data.task_id)
    if names != {place.task_id} or event_name(event.type) != place.event:
        raise UnreadableEvent(position=stored.position, reason="subject and body disagree")
    return RecordedEvent(
        position=stored.position,
        user_key=place.user_key,
        task_id=place.task_id,
        hash=body_hash(stored.body),
        event=event,
    )


def event_name(event_type: str) -> str:
    """The name of an event in subjects: `requested` of `concepts.task.requested.v1`."""
    return event_type.split(".")[2]


def _lift(event_type: str, body: bytes, upcasts: Mapping[str, Upcast]) -> tuple[str, bytes]:
    """Apply one step after another until no step is left for the type reached."""
    envelope = _FIELDS.decode(body)
    while step := upcasts.get(event_type):
        envelope["data"] = step.rewrite(msgspec.convert(envelope["data"], Fields))
        event_type = step.to_type
    envelope["type"] = event_type
    return event_type, _ENCODER.encode(envelope)
