"""The format of an export: the log, or a part of it, as lines of JSON that can be checked alone.

A head, a line for each event, a manifest. Every line ends with its seal: the SHA-256 of the seal
before it and of the line up to the seal (docs/decisions/0024-exports-are-sealed-lines.md).
"""

import hashlib
import re
from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from datetime import UTC, datetime
from typing import Annotated, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType

from events.codec import body_hash
from events.log import StoredEvent
from events.subjects import STREAM, TASK_TYPE, InvalidSubject, parse_subject
from events.task import Moment

FORMAT: Final = "concept-refinery.events.v1"
FORMAT_FAMILY: Final = "concept-refinery.events."
FIRST_SEAL: Final = "0" * 64
# Far more than the log's largest message, in base64.
LINE_BYTES_MAX: Final = 1024 * 1024
# What a `range` can count to.
POSITION_MAX: Final = 2**63 - 1

_NANOSECONDS: Final = 1_000_000_000
_SEAL: Final = re.compile(rb',"seal":"([0-9a-f]{64})"\}\Z')
_SEAL_BYTES: Final = 75


class ExportedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event as the log has it, with the time at which the log took it, in nanoseconds."""

    stored: StoredEvent
    stored_at_ns: int


class Selection(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
    rename={"first": "from", "last": "to"},
):
    """Which events were asked for: positions `first` to `last`, and of these the ones that match.

    `since` and `until` are about when the log took an event: the export begins with the first one
    taken at `since` or later, and ends before the first one behind it taken at `until` or later.
    """

    first: Annotated[int, Meta(ge=1, le=POSITION_MAX)]
    last: Annotated[int, Meta(ge=0, lt=POSITION_MAX)]
    task: str | None = None
    user_key: str | None = None
    events: tuple[str, ...] = ()
    since: Moment | None = None
    until: Moment | None = None

    @property
    def is_gapless(self) -> bool:
        """Whether all events between the first and the last one are wanted."""
        return self.task is None and self.user_key is None and not self.events

    @property
    def is_filtered(self) -> bool:
        """Whether it is anything but the log from its beginning on."""
        is_whole = self.is_gapless and self.first == 1
        return not is_whole or self.since is not None or self.until is not None

    @property
    def subjects(self) -> tuple[str, ...]:
        """What to ask the log for; nothing if all subjects are wanted."""
        if self.is_gapless:
            return ()
        place = f"tasks.{TASK_TYPE}.{self.user_key or '*'}.{self.task or '*'}"
        return tuple(f"{place}.{event}" for event in self.events or ("*",))

    def admits(self, subject: str) -> bool:
        """Whether an event with this subject is wanted."""
        if self.is_gapless:
            return True
        try:
            place = parse_subject(subject)
        except InvalidSubject:
            return False
        return (
            (self.task is None or place.task_id == self.task)
            and (self.user_key is None or place.user_key == self.user_key)
            and (not self.events or place.event in self.events)
        )


class Head(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The first line: which stream this is of, when that was created, and what was asked for."""

    format: str = FORMAT
    stream: str = STREAM
    created: str
    selection: Selection


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The last line: what the file must hold. `sha256` is of all bytes before this line."""

    first: int
    last: int
    count: int
    sha256: str
    filtered: bool


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A line with an event. `hash` is what the line says; `stored.body` is what it carries."""

    stored: StoredEvent
    time: str
    hash: str

    @property
    def is_intact(self) -> bool:
        """Whether the bytes have the hash."""
        return body_hash(self.stored.body) == self.hash


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A line that could be read, without its end: what it says, its text, and its seal."""

    content: Head | Entry | Manifest
    raw: bytes
    seal: str

    def seal_after(self, previous: str) -> str:
        """The seal that this line has to have behind a line with the seal `previous`."""
        return seal_of(previous, self.raw[:-_SEAL_BYTES])


class UnreadableLine(ValueError):
    """A line that is none of an export."""


class NewerFormat(Exception):
    """An export in a format that this version does not know."""

    def __init__(self, found: str) -> None:
        super().__init__(f"the export is in the format {found!r}; this version reads {FORMAT!r}")
        self.found = found


class _EntryFields(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    position: Annotated[int, Meta(ge=1, le=POSITION_MAX)]
    subject: str
    time: str
    event: msgspec.Raw | UnsetType = UNSET
    base64: str | UnsetType = UNSET
    hash: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    seal: str


class _HeadFields(Head, frozen=True, kw_only=True, forbid_unknown_fields=True):
    seal: str


class _ManifestFields(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    manifest: Manifest
    seal: str


class _Format(msgspec.Struct):
    format: str


_ENTRY: Final = msgspec.json.Decoder(_EntryFields)
_HEAD: Final = msgspec.json.Decoder(_HeadFields)
_FORMAT: Final = msgspec.json.Decoder(_Format)
_MANIFEST: Final = msgspec.json.Decoder(_ManifestFields)
_ANYTHING: Final = msgspec.json.Decoder()
_RAW: Final = msgspec.json.Decoder(msgspec.Raw)
_ENCODER: Final = msgspec.json.Encoder()


class ExportWriter:
    """Makes the lines of one export, each with its end, in the order of the log."""

    def __init__(self, head: Head) -> None:
        self.count = 0
        self.first = 0
        self.last = 0
        self._head = head
        self._seal = FIRST_SEAL
        self._digest = hashlib.sha256()

    def begin(self) -> bytes:
        """The head."""
        return self._sealed(_ENCODER.encode(self._head)[:-1])

    def add(self, event: ExportedEvent) -> bytes:
        """The line of an event."""
        self._count(event.stored.position)
        return self._sealed(_open_line(event))

    def end(self) -> bytes:
        """The manifest."""
        manifest = Manifest(
            first=self.first,
            last=self.last,
            count=self.count,
            sha256=self._digest.hexdigest(),
            filtered=self._head.selection.is_filtered,
        )
        return self._sealed(b'{"manifest":' + _ENCODER.encode(manifest))

    def take_over(self, line: Line) -> None:
        """Go on behind a line that was written before, and checked."""
        if isinstance(line.content, Entry):
            self._count(line.content.stored.position)
        self._seal = line.seal
        self._digest.update(line.raw + b"\n")

    def _count(self, position: int) -> None:
        self.first = self.first or position
        self.last = position
        self.count += 1

    def _sealed(self, content: bytes) -> bytes:
        self._seal = seal_of(self._seal, content)
        line = content + b',"seal":"' + self._seal.encode() + b'"}\n'
        self._digest.update(line)
        return line


def seal_of(previous: str, content: bytes) -> str:
    """The seal of a line: it holds the line, and where it stands."""
    return hashlib.sha256(previous.encode() + content).hexdigest()


def plain_line(event: ExportedEvent) -> bytes:
    """An event as a line of JSON without a seal: for programs that follow the log."""
    return _open_line(event) + b"}\n"


def parse_line(raw: bytes) -> Line:
    """The line in these bytes, which are without the line's end.

    Raises:
        UnreadableLine: it is none.
        NewerFormat: it is the head of a later format.
    """
    sealed = _SEAL.search(raw)
    if sealed is None:
        raise UnreadableLine("it does not end with a seal")
    try:
        if raw.startswith(b'{"format":'):
            content: Head | Entry | Manifest = _head_in(raw)
        elif raw.startswith(b'{"manifest":'):
            content = _MANIFEST.decode(raw).manifest
        else:
            content = _entry_in(raw)
    # Not text, nested without end, or no base64.
    except (ValueError, RecursionError, Base64Error) as error:
        raise UnreadableLine(str(error)) from error
    return Line(content=content, raw=raw, seal=sealed[1].decode())


def time_text(nanoseconds: int) -> str:
    """A time as the server says it: RFC 3339, UTC, to the nanosecond."""
    seconds, rest = divmod(nanoseconds, _NANOSECONDS)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


def _head_in(raw: bytes) -> Head:
    found = _FORMAT.decode(raw).format
    if found != FORMAT:
        if found.startswith(FORMAT_FAMILY):
            raise NewerFormat(found)
        raise UnreadableLine(f"{found!r} is no format of ours")
    fields = _HEAD.decode(raw)
    return Head(stream=fields.stream, created=fields.created, selection=fields.selection)


def _entry_in(raw: bytes) -> Entry:
    fields = _ENTRY.decode(raw)
    if (fields.event is UNSET) == (fields.base64 is UNSET):
        raise UnreadableLine("it has not one event")
    if isinstance(fields.base64, str):
        body = a2b_base64(fields.base64, strict_mode=True)
    else:
        assert isinstance(fields.event, msgspec.Raw)
        body = bytes(fields.event)
    stored = StoredEvent(position=fields.position, subject=fields.subject, body=body)
    return Entry(stored=stored, time=fields.time, hash=fields.hash)


def _open_line(event: ExportedEvent) -> bytes:
    """An event's line, as far as its seal."""
    stored = event.stored
    if _stands_in_a_line(stored.body):
        carried = b'"event":' + stored.body
    else:
        carried = b'"base64":"' + b2a_base64(stored.body, newline=False) + b'"'
    return b'{"position":%d,"subject":%b,"time":"%b",%b,"hash":"%b"' % (
        stored.position,
        _ENCODER.encode(stored.subject),
        time_text(event.stored_at_ns).encode(),
        carried,
        body_hash(stored.body).encode(),
    )


def _stands_in_a_line(body: bytes) -> bool:
    """Whether bytes are JSON that comes out of a line again byte for byte, for every reader."""
    if b"\n" in body or b"\r" in body:
        return False
    try:
        body.decode()
        _ANYTHING.decode(body)
        return bytes(_RAW.decode(body)) == body
    except (ValueError, RecursionError):
        return False
