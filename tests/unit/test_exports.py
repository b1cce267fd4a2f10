"""The format of exports: bytes come out of a line as they went in, and selections are exact."""

import hashlib
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.exports import (
    Entry,
    ExportWriter,
    Head,
    Manifest,
    Selection,
    UnreadableLine,
    parse_line,
    plain_line,
    time_text,
)
from events.log import StoredEvent
from tests import controls
from tests.exporting import CREATED, export_of, exported, logs

LOG = list(controls.stored(controls.processing(), controls.completed()))
HEAD = Head(created=CREATED, selection=Selection(first=1, last=3))


def entry_of(body: bytes) -> Entry:
    """What comes out of the line of an event with this body."""
    writer = ExportWriter(HEAD)
    stored = StoredEvent(position=1, subject="tasks.any", body=body)
    content = parse_line(writer.add(exported(stored)).removesuffix(b"\n")).content
    assert isinstance(content, Entry)
    return content


class TestBytes:
    """What the log has is what the line carries."""

    @given(
        st.binary(max_size=60)
        | st.text(max_size=60).map(str.encode)
        | st.recursive(
            st.none() | st.integers() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
            max_leaves=6,
        ).map(msgspec.json.encode)
    )
    def test_any_bytes_come_out_again(self, body: bytes) -> None:
        """Whether they are JSON or not."""
        entry = entry_of(body)

        assert entry.stored.body == body
        assert entry.is_intact

    @pytest.mark.parametrize(
        "body",
        [b" {}", b"{} ", b'{"a":\n1}', b'{"a":1}\r', b'{"a":"\xff"}', b"", b"{", b'{"a":"\x00"}'],
    )
    def test_what_would_not_survive_a_line_is_base64(self, body: bytes) -> None:
        """Other readers of JSON may be stricter, or keep no white space."""
        writer = ExportWriter(HEAD)

        line = writer.add(exported(StoredEvent(position=1, subject="tasks.any", body=body)))

        assert b'"base64":' in line
        assert line.count(b"\n") == 1

    def test_an_event_of_ours_is_readable_where_it_stands(self) -> None:
        """Any tool for lines of JSON reads it."""
        line = msgspec.json.decode(export_of(LOG)[1])

        assert line["event"]["type"] == "concepts.task.requested.v1"
        assert line["time"] == "2026-03-14T09:26:53.589793124Z"

    def test_a_plain_line_is_the_same_without_a_seal(self) -> None:
        """For programs that follow."""
        plain = msgspec.json.decode(plain_line(exported(LOG[0])))
        sealed = msgspec.json.decode(export_of(LOG)[1])

        assert sealed.pop("seal")
        assert plain == sealed


class TestWriter:
    """The file as a whole."""

    @given(logs())
    def test_the_manifest_is_over_all_bytes_before_it(self, log: list[StoredEvent]) -> None:
        """`head -n -1 FILE | sha256sum` says the same."""
        *before, last = export_of(log)

        manifest = parse_line(last).content

        text = b"".join(line + b"\n" for line in before)
        assert manifest == Manifest(
            first=1,
            last=len(log),
            count=len(log),
            sha256=hashlib.sha256(text).hexdigest(),
            filtered=False,
        )

    @given(logs(), st.data())
    def test_it_goes_on_where_another_stopped(
        self, log: list[StoredEvent], data: st.DataObject
    ) -> None:
        """An export that was cut off and continued is the same file."""
        lines = export_of(log)
        count = data.draw(st.integers(1, len(lines) - 1))
        head = parse_line(lines[0]).content
        assert isinstance(head, Head)
        writer = ExportWriter(head)
        for line in lines[:count]:
            writer.take_over(parse_line(line))

        rest = [writer.add(exported(stored)) for stored in log[writer.count :]]

        assert [*rest, writer.end()] == [line + b"\n" for line in lines[count:]]


class TestSelection:
    """What was asked for."""

    @pytest.mark.parametrize(
        ("selection", "is_filtered", "is_gapless"),
        [
            (Selection(first=1, last=9), False, True),
            (Selection(first=2, last=9), True, True),
            (Selection(first=1, last=9, since=datetime(2026, 1, 1, tzinfo=UTC)), True, True),
            (Selection(first=1, last=9, until=datetime(2026, 1, 1, tzinfo=UTC)), True, True),
            (Selection(first=1, last=9, task=controls.task_id()), True, False),
            (Selection(first=1, last=9, user_key=controls.user_key()), True, False),
            (Selection(first=1, last=9, events=("requested",)), True, False),
        ],
    )
    def test_only_a_log_from_its_beginning_is_whole(
        self, selection: Selection, *, is_filtered: bool, is_gapless: bool
    ) -> None:
        """And gaps are expected only where others' events are left out."""
        assert selection.is_filtered == is_filtered
        assert selection.is_gapless == is_gapless
        assert bool(selection.subjects) != is_gapless

    def test_it_admits_what_it_asks_the_log_for(self) -> None:
        """By task, user and type; what is none of ours belongs to nobody."""
        other = controls.task_id(2)
        requested, completed = LOG[0].subject, LOG[2].subject

        assert Selection(first=1, last=1, events=("requested",)).admits(requested)
        assert not Selection(first=1, last=1, events=("requested",)).admits(completed)
        assert not Selection(first=1, last=1, task=other).admits(requested)
        assert not Selection(first=1, last=1, user_key=controls.user_key(2)).admits(requested)
        assert not Selection(first=1, last=1, task=other).admits("tasks.stray")
        assert Selection(first=1, last=1).admits("tasks.stray")

    def test_it_is_in_the_head_as_it_was_asked_for(self) -> None:
        """With the names of the command line."""
        selection = Selection(first=2, last=9, events=("requested",))

        line = export_of([], selection)[0]

        assert msgspec.json.decode(line)["selection"] == {
            "from": 2,
            "to": 9,
            "events": ["requested"],
        }
        assert parse_line(line).content == Head(created=CREATED, selection=selection)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b'{"format":"other","seal":"' + b"0" * 64 + b'"}',
        b'{"position":1,"subject":"s","time":"t","hash":"'
        + b"0" * 64
        + b'","seal":"'
        + b"0" * 64
        + b'"}',
        b'{"position":0,"subject":"s","time":"t","event":1,"hash":"'
        + b"0" * 64
        + b'","seal":"'
        + b"0" * 64
        + b'"}',
        b'{"position":1,"subject":"s","time":"t","base64":"%","hash":"'
        + b"0" * 64
        + b'","seal":"'
        + b"0" * 64
        + b'"}',
    ],
)
def test_what_is_no_line_is_refused(raw: bytes) -> None:
    """Without a seal, of another format, without an event, at no position, no base64."""
    with pytest.raises(UnreadableLine):
        _ = parse_line(raw)


def test_times_keep_their_nanoseconds() -> None:
    """As the server says them."""
    assert time_text(1_773_480_413_000_000_007) == "2026-03-14T09:26:53.000000007Z"
