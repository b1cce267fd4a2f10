"""Between stored bytes and events: nothing is lost, and what cannot be read says so."""

from typing import Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.codec import (
    CONTENT_TYPE,
    UPCASTS,
    Fields,
    UnknownEvent,
    UnreadableEvent,
    Upcast,
    body_hash,
    decode,
    encode,
    event_name,
)
from events.log import StoredEvent
from events.task import EVENT_TYPES, CloudEvent, TaskEvent, TaskFailed
from tests import controls
from tests.strategies import cloud_events, stored_of

EXAMPLES: Final = controls.every_event()
DEEP: Final = 100_000
ATTRIBUTES: Final = tuple(
    field.name for field in msgspec.structs.fields(CloudEvent) if field.name != "specversion"
)

# The first two drafts of an event: one had no code, the next did not say who pays.
DRAFTS: Final = {
    "concepts.task.failed.draft1": Upcast(
        to_type="concepts.task.failed.draft2",
        rewrite=lambda fields: {
            "attempt": fields["try"],
            "error_code": "internal_error",
            "error_message": fields["reason"],
        },
    ),
    "concepts.task.failed.draft2": Upcast(
        to_type="concepts.task.failed.v1",
        rewrite=lambda fields: {**fields, "quota_refunded": True},
    ),
}


def rewritten(example: StoredEvent, **changes: object) -> StoredEvent:
    """An example with other attributes in its envelope."""
    fields = msgspec.json.decode(example.body, type=Fields)
    body = msgspec.json.encode({**fields, **changes})
    return msgspec.structs.replace(example, body=body)


class TestRoundTrip:
    """What is encoded is decoded as it was."""

    @pytest.mark.parametrize("payload", EVENT_TYPES)
    @given(data=st.data())
    def test_gives_every_event_back(self, payload: type[TaskEvent], data: st.DataObject) -> None:
        """Whatever an event carries, unicode and control characters included, comes back."""
        event = data.draw(cloud_events(kinds=(payload,)))
        stored = stored_of(event, encode(event))

        recorded = decode(stored)

        assert recorded.event == event
        assert type(recorded.event.data) is payload
        assert encode(recorded.event) == stored.body

    @pytest.mark.parametrize("event_type", EVENT_TYPES.values())
    def test_knows_the_place_of_an_event(self, event_type: str) -> None:
        """Position, owner and task come from where the event lies, the hash from its bytes."""
        stored = EXAMPLES[event_type]

        recorded = decode(stored)

        assert recorded.position == stored.position
        assert recorded.user_key == controls.user_key()
        assert recorded.task_id == controls.task_id()
        assert recorded.hash == body_hash(stored.body)
        assert recorded.event.type == event_type

    def test_is_structured_json(self) -> None:
        """The body is a JSON object that any subscriber can read."""
        fields = msgspec.json.decode(EXAMPLES["concepts.task.failed.v1"].body, type=Fields)

        assert CONTENT_TYPE == "application/cloudevents+json"
        assert fields["specversion"] == "1.0"
        assert fields["time"] == "2026-03-14T09:26:56.589796Z"
        assert fields["data"] == msgspec.to_builtins(controls.failed())

    def test_hashes_are_sha_256_in_hexadecimal(self) -> None:
        """Auditors can check them with any tool."""
        known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

        assert body_hash(b"abc") == known

    @pytest.mark.parametrize("event_type", EVENT_TYPES.values())
    def test_names_events_as_subjects_do(self, event_type: str) -> None:
        """The name stands in the type and at the end of the subject."""
        assert EXAMPLES[event_type].subject.endswith(f".{event_name(event_type)}")


class TestTolerance:
    """What an older reader survives."""

    @pytest.mark.parametrize("event_type", EVENT_TYPES.values())
    def test_ignores_fields_it_does_not_know(self, event_type: str) -> None:
        """A newer writer may add fields to the envelope and to the payload."""
        example = EXAMPLES[event_type]
        fields = msgspec.json.decode(example.body, type=Fields)
        payload = {**msgspec.convert(fields["data"], Fields), "added": {"later": [1, None]}}

        recorded = decode(rewritten(example, data=payload, extension="added later"))

        assert recorded.event == decode(example).event

    def test_hashes_the_bytes_it_was_given(self) -> None:
        """Fields that are not understood are part of the hash all the same."""
        stored = rewritten(EXAMPLES["concepts.task.failed.v1"], extension="added later")

        assert decode(stored).hash == body_hash(stored.body)


class TestUnreadable:
    """What is not an event of ours."""

    @pytest.mark.parametrize(
        "event_type",
        ["concepts.task.requested.v2", "concepts.task.paused.v1", "", "requested", "a.b.c\x00"],
    )
    def test_an_unknown_type_is_named(self, event_type: str) -> None:
        """The meaning of an unknown type cannot be guessed."""
        stored = rewritten(EXAMPLES["concepts.task.requested.v1"], type=event_type)

        with pytest.raises(UnknownEvent) as caught:
            _ = decode(msgspec.structs.replace(stored, position=77))

        assert caught.value.event_type == event_type
        assert caught.value.position == 77
        assert repr(event_type) in str(caught.value)

    @pytest.mark.parametrize(
        "body",
        [
            *(b"", b" ", b"null", b"[]", b"{}", b'"text"', b"{", b"\x00", b"\xef\xbb\xbf{}"),
            *(b'{"type":1}', b'{"type":null}', b'{"type":"concepts.task.failed.v1"}'),
        ],
    )
    def test_malformed_bodies(self, body: bytes) -> None:
        """Bytes that are no event are unreadable, and the error says where they lie."""
        example = EXAMPLES["concepts.task.failed.v1"]

        with pytest.raises(UnreadableEvent) as caught:
            _ = decode(msgspec.structs.replace(example, body=body, position=78))

        assert caught.value.position == 78
        assert "position 78" in str(caught.value)

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            *(("id", 1), ("id", None), ("time", "yesterday"), ("time", 0), ("subject", [])),
            *(("sequence", 1), ("previoushash", 5), ("correlationid", None), ("data", None)),
            *(("data", []), ("data", {}), ("data", {"attempt": "1"})),
        ],
    )
    def test_wrong_types(self, field: str, value: object) -> None:
        """A field of the wrong type is not converted in silence."""
        stored = rewritten(EXAMPLES["concepts.task.failed.v1"], **{field: value})

        with pytest.raises(UnreadableEvent):
            _ = decode(stored)

    @pytest.mark.parametrize("field", ATTRIBUTES)
    def test_missing_fields(self, field: str) -> None:
        """An envelope without one of its attributes is not ours."""
        example = EXAMPLES["concepts.task.failed.v1"]
        fields = msgspec.json.decode(example.body, type=Fields)
        del fields[field]

        with pytest.raises(UnreadableEvent):
            _ = decode(msgspec.structs.replace(example, body=msgspec.json.encode(fields)))

    def test_a_body_of_another_task(self) -> None:
        """An event that lies under another task's subject is refused."""
        stored = rewritten(EXAMPLES["concepts.task.failed.v1"], subject=controls.task_id(2))

        with pytest.raises(UnreadableEvent, match="disagree"):
            _ = decode(stored)

    def test_a_body_of_another_event(self) -> None:
        """A completion that lies under the subject of a request is refused: it may be forged."""
        stored = msgspec.structs.replace(
            EXAMPLES["concepts.task.completed.v1"],
            subject=EXAMPLES["concepts.task.requested.v1"].subject,
        )

        with pytest.raises(UnreadableEvent, match="disagree"):
            _ = decode(stored)

    @pytest.mark.parametrize("subject", ["", "tasks", "tasks.>", "other.a.b.c.failed"])
    def test_a_subject_that_is_not_ours(self, subject: str) -> None:
        """Bytes are an event only where an event may lie."""
        example = EXAMPLES["concepts.task.failed.v1"]

        with pytest.raises(UnreadableEvent):
            _ = decode(msgspec.structs.replace(example, subject=subject))

    @given(body=st.text() | st.text(alphabet='{}[]":,0123456789.eE-truefalsn \\u'))
    def test_any_text_is_read_or_refused(self, body: str) -> None:
        """No text raises anything but `UnreadableEvent`."""
        example = EXAMPLES["concepts.task.failed.v1"]

        with pytest.raises(UnreadableEvent):
            _ = decode(msgspec.structs.replace(example, body=body.encode()))

    @given(event=cloud_events(), data=st.data())
    def test_any_damaged_text_is_read_or_refused(
        self, event: CloudEvent[TaskEvent], data: st.DataObject
    ) -> None:
        """An event with a piece cut out and another put in raises nothing else either."""
        text = encode(event).decode()
        start = data.draw(st.integers(min_value=0, max_value=len(text)))
        end = data.draw(st.integers(min_value=start, max_value=min(len(text), start + 20)))
        damaged = text[:start] + data.draw(st.text(max_size=5)) + text[end:]

        try:
            recorded = decode(stored_of(event, damaged.encode()))
        except UnreadableEvent as error:
            refusal = error
            assert refusal.position == 1
        else:
            assert recorded.task_id == event.subject

    @given(event=cloud_events(), position=st.integers(min_value=0), byte=st.integers(0, 255))
    def test_any_damaged_byte_is_read_or_refused(
        self, event: CloudEvent[TaskEvent], position: int, byte: int
    ) -> None:
        """A flipped byte raises nothing else, also where it leaves no text."""
        body = bytearray(encode(event))
        body[position % len(body)] = byte

        try:
            recorded = decode(stored_of(event, bytes(body)))
        except UnreadableEvent as error:
            refusal = error
            assert refusal.position == 1
        else:
            assert recorded.task_id == event.subject

    def test_a_body_that_is_not_utf_8(self) -> None:
        """Bytes that are no text are unreadable."""
        example = EXAMPLES["concepts.task.requested.v1"]
        body = example.body.replace(b"minimalist", b"\xff\xfe")

        with pytest.raises(UnreadableEvent):
            _ = decode(msgspec.structs.replace(example, body=body))

    def test_a_body_that_is_nested_too_deeply(self) -> None:
        """A field that is not even known may not stop a reader."""
        example = EXAMPLES["concepts.task.requested.v1"]
        body = example.body[:-1] + b',"x":' + b"[" * DEEP + b"]" * DEEP + b"}"

        with pytest.raises(UnreadableEvent):
            _ = decode(msgspec.structs.replace(example, body=body))

    @pytest.mark.parametrize("sequence", ["", "x", "1.5", "1", "9" * 5000])
    def test_a_sequence_that_is_no_number(self, sequence: str) -> None:
        """What `evolve` could not count never reaches it."""
        stored = rewritten(EXAMPLES["concepts.task.requested.v1"], sequence=sequence)

        with pytest.raises(UnreadableEvent):
            _ = decode(stored)

    @pytest.mark.parametrize("time", ["2026-03-14T10:00:00", "2026-03-14"])
    def test_a_time_without_a_zone(self, time: str) -> None:
        """A reading of some clock is no moment: it could not be compared with one."""
        example = EXAMPLES["concepts.task.requested.v1"]
        payload = {**msgspec.to_builtins(controls.request()), "deadline": time}

        with pytest.raises(UnreadableEvent):
            _ = decode(rewritten(example, time=time))
        with pytest.raises(UnreadableEvent):
            _ = decode(rewritten(example, data=payload))

    @given(subject=st.text())
    def test_any_subject_is_read_or_refused(self, subject: str) -> None:
        """A subject that is not ours raises nothing else either."""
        example = EXAMPLES["concepts.task.failed.v1"]

        with pytest.raises(UnreadableEvent):
            _ = decode(msgspec.structs.replace(example, subject=subject))


class TestUpcasts:
    """Old versions, lifted when they are read."""

    def test_two_steps_one_after_the_other(self) -> None:
        """The oldest version passes through every one after it."""
        example = EXAMPLES["concepts.task.failed.v1"]
        old = rewritten(
            example, type="concepts.task.failed.draft1", data={"try": 3, "reason": "it broke"}
        )

        recorded = decode(old, upcasts=DRAFTS)

        assert recorded.event.type == "concepts.task.failed.v1"
        assert recorded.event.data == TaskFailed(
            attempt=3, error_code="internal_error", error_message="it broke", quota_refunded=True
        )
        assert recorded.event.id == decode(example).event.id

    def test_hashes_the_bytes_that_are_stored(self) -> None:
        """Lifting changes what is read, never what the chain of hashes says."""
        old = rewritten(
            EXAMPLES["concepts.task.failed.v1"],
            type="concepts.task.failed.draft2",
            data={"attempt": 1, "error_code": "internal_error", "error_message": "it broke"},
        )

        assert decode(old, upcasts=DRAFTS).hash == body_hash(old.body)

    def test_the_newest_version_is_left_alone(self) -> None:
        """Events that need no lifting are read as they are."""
        example = EXAMPLES["concepts.task.failed.v1"]

        assert decode(example, upcasts=DRAFTS) == decode(example)

    def test_a_step_to_nowhere_is_unknown(self) -> None:
        """A step that leads to no known type is refused, not guessed."""
        steps = {
            "concepts.task.failed.draft2": Upcast(
                to_type="concepts.task.failed.v9", rewrite=lambda fields: fields
            )
        }
        old = rewritten(EXAMPLES["concepts.task.failed.v1"], type="concepts.task.failed.draft2")

        with pytest.raises(UnknownEvent) as caught:
            _ = decode(old, upcasts=steps)

        assert caught.value.event_type == "concepts.task.failed.v9"

    @pytest.mark.parametrize("changes", [{"data": {}}, {"data": {"try": 3}}, {"data": None}])
    def test_an_old_event_without_its_fields(self, changes: dict[str, object]) -> None:
        """A step that misses what it needs makes the event unreadable."""
        example = EXAMPLES["concepts.task.failed.v1"]
        old = rewritten(example, type="concepts.task.failed.draft1", **changes)

        with pytest.raises(UnreadableEvent):
            _ = decode(old, upcasts=DRAFTS)

    def test_an_old_event_without_a_payload(self) -> None:
        """An envelope with nothing in it is unreadable, not a failure of a step."""
        example = EXAMPLES["concepts.task.failed.v1"]
        body = b'{"type":"concepts.task.failed.draft1"}'

        with pytest.raises(UnreadableEvent):
            _ = decode(msgspec.structs.replace(example, body=body), upcasts=DRAFTS)

    def test_every_step_ends_at_a_known_type(self) -> None:
        """From every old type the steps lead to one that is read, without a circle."""
        known = set(EVENT_TYPES.values())

        for old in UPCASTS:
            reached, passed = old, {old}
            while reached in UPCASTS:
                reached = UPCASTS[reached].to_type
                assert reached not in passed
                passed.add(reached)
            assert reached in known
