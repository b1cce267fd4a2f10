"""Inspects an export line by line: what was done to the file, and what is wrong in its history.

Each line's seal says which line was before it. So a line that was changed, left out, added or moved
is told apart from its neighbours, which are right, by looking at two more lines. Nothing is kept
of an event but what `events.lives` keeps of its task.
"""

import hashlib
from collections import deque
from collections.abc import Sequence
from enum import Enum, StrEnum, auto
from typing import Final

import msgspec

from events.exports import (
    FIRST_SEAL,
    Entry,
    Head,
    Line,
    Manifest,
    Selection,
    UnreadableLine,
    parse_line,
)
from events.lives import Lives, Objection

MISSING_RANGES_MAX: Final = 1000
_AHEAD: Final = 2


class FaultKind(StrEnum):
    """What is wrong: the first group with the file, the second with the log that it was made of."""

    HEAD = "head"
    UNREADABLE_LINE = "unreadable-line"
    CHANGED = "changed"
    DROPPED = "dropped"
    SWAPPED = "swapped"
    ADDED = "added"
    DUPLICATED = "duplicated"
    TRUNCATED = "truncated"
    MANIFEST = "manifest"

    UNREADABLE_EVENT = "unreadable-event"
    SEQUENCE = "sequence"
    CHAIN = "chain"
    IMPOSSIBLE = "impossible"

    @property
    def is_of_history(self) -> bool:
        """Whether the log itself says so, in a file that may be just as it was written."""
        return self in _OF_HISTORY


_OF_HISTORY: Final = frozenset(
    {FaultKind.UNREADABLE_EVENT, FaultKind.SEQUENCE, FaultKind.CHAIN, FaultKind.IMPOSSIBLE}
)
_KIND_OF: Final = {
    Objection.UNREADABLE: FaultKind.UNREADABLE_EVENT,
    Objection.SEQUENCE: FaultKind.SEQUENCE,
    Objection.CHAIN: FaultKind.CHAIN,
    Objection.IMPOSSIBLE: FaultKind.IMPOSSIBLE,
}


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong: the line, counted from 1, and the position that it is about."""

    line: int
    position: int | None
    kind: FaultKind
    reason: str


class _Verdict(Enum):
    """Whether a line counts as its task's history."""

    IN_PLACE = auto()
    CHANGED = auto()
    LATE = auto()
    DISPLACED = auto()


class _Read(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the file with its number; `line` is None if it could not be read."""

    number: int
    raw: bytes
    line: Line | None
    reason: str = ""
    sha256_before: str = ""

    @property
    def position(self) -> int | None:
        """The position that it says."""
        content = None if self.line is None else self.line.content
        return content.stored.position if isinstance(content, Entry) else None

    @property
    def seals(self) -> tuple[str, ...]:
        """What the next line's seal may have been made with: nothing is known of it otherwise."""
        return () if self.line is None else (self.line.seal,)

    def follows(self, seals: Sequence[str]) -> bool:
        """Whether its seal was made behind a line that may have one of these."""
        line = self.line
        return line is not None and any(line.seal_after(seal) == line.seal for seal in seals)


class Inspection:
    """Takes the lines of an export in order, and returns what is wrong as soon as it is clear."""

    def __init__(self) -> None:
        self.head: Head | None = None
        self.manifest: Manifest | None = None
        self.events_count = 0
        self.first = 0
        self.last = 0
        self.lives = Lives(is_whole=False, is_gapless=True)
        self._number = 0
        self._digest = hashlib.sha256()
        self._ahead: deque[_Read] = deque()
        # What the next line's seal may have been made with; nothing, behind an unreadable line.
        self._seals: tuple[str, ...] = (FIRST_SEAL,)
        self._before = b""
        self._expected: int | None = None
        self._is_gapless = False
        self._missing: list[range] = []
        self._faults: list[Fault] = []
        self._is_file_faulty = False

    def accept(self, raw: bytes) -> Sequence[Fault]:
        """One more line, without its end.

        Raises:
            NewerFormat: it is the head of a later format.
        """
        self._number += 1
        read = self._read(raw)
        self._digest.update(raw + b"\n")
        self._ahead.append(read)
        while len(self._ahead) > _AHEAD:
            self._judge(self._ahead.popleft())
        return self._taken()

    def finish(self, *, cut: bytes = b"") -> Sequence[Fault]:
        """The end of the file; `cut` is what is there of a last line that has no end."""
        if cut:
            self._number += 1
            read = self._read(cut)
            if read.line is not None:
                self._ahead.append(read)
        while self._ahead:
            self._judge(self._ahead.popleft())
        if cut:
            self._object(self._number, None, FaultKind.TRUNCATED, "the last line has no end")
        if self.head is None and not self._number:
            self._object(1, None, FaultKind.HEAD, "the file is empty")
        if self.manifest is None:
            reason = f"the file ends without one, behind position {self.last}"
            self._object(self._number + 1, None, FaultKind.MANIFEST, reason)
        return self._taken()

    def _read(self, raw: bytes) -> _Read:
        try:
            line = parse_line(raw)
        except UnreadableLine as error:
            return _Read(number=self._number, raw=raw, line=None, reason=str(error))
        is_manifest = isinstance(line.content, Manifest)
        sha256 = self._digest.hexdigest() if is_manifest else ""
        return _Read(number=self._number, raw=raw, line=line, sha256_before=sha256)

    def _judge(self, read: _Read) -> None:
        """Decide whether a line is in its place, with what follows it in view."""
        following = self._ahead[0] if self._ahead else None
        if following is None or not self._is_out_of_place(read, following):
            self._take(read)
        elif self._is_swapped(read, following):
            reason = f"it belongs behind line {following.number}"
            self._object(read.number, read.position, FaultKind.SWAPPED, reason)
            self._ahead.popleft()
            self._take(following)
            self._take(read)
        else:
            self._reject(read)

    def _is_out_of_place(self, read: _Read, following: _Read) -> bool:
        """Whether the next line was sealed behind the line before this one."""
        if read.line is None:
            return following.follows(self._seals)
        if following.raw == read.raw:
            return False
        return not following.follows(read.seals) and following.follows(self._seals)

    def _is_swapped(self, read: _Read, following: _Read) -> bool:
        is_copied = len(self._ahead) > 1 and self._ahead[1].raw == read.raw
        return read.follows(following.seals) and not is_copied

    def _reject(self, read: _Read) -> None:
        """A line that does not belong where it is: its neighbours were one behind the other."""
        position = read.position
        is_again = position is not None and position <= self.last
        kind = FaultKind.DUPLICATED if is_again else FaultKind.ADDED
        reason = f"the lines around it, {read.number - 1} and {read.number + 1}, belong together"
        self._object(read.number, position, kind, reason)

    def _take(self, read: _Read) -> None:
        line = read.line
        if self.manifest is not None:
            kind = FaultKind.DUPLICATED if read.raw == self._before else FaultKind.ADDED
            self._object(read.number, read.position, kind, "it stands behind the manifest")
            return
        if line is None:
            self._take_unreadable(read)
            return
        fits = not self._seals or read.follows(self._seals)
        match line.content:
            case Head() as head:
                self._take_head(read, head, fits=fits)
            case Manifest() as manifest:
                self._take_manifest(read, manifest, fits=fits)
            case Entry() as entry:
                verdict = self._take_entry(read, entry, fits=fits)
                if verdict is _Verdict.LATE:
                    # What comes next was sealed behind the line that this one stands behind.
                    return
                if verdict is _Verdict.DISPLACED:
                    self._seals = ()
                    return
        # If only the seal was changed, the next line was made behind the right one.
        self._seals = (line.seal, *map(line.seal_after, self._seals))[: 1 if fits else 2]
        self._before = read.raw

    def _take_unreadable(self, read: _Read) -> None:
        kind = FaultKind.HEAD if read.number == 1 else FaultKind.UNREADABLE_LINE
        self._object(read.number, self._expected, kind, read.reason)
        self._seals = ()
        if self._expected is not None:
            self._expected += 1

    def _take_head(self, read: _Read, head: Head, *, fits: bool) -> None:
        if self.head is not None or self.events_count:
            is_again = read.raw == self._before
            kind = FaultKind.DUPLICATED if is_again else FaultKind.ADDED
            self._object(read.number, None, kind, "a head stands at the beginning only")
            return
        if not fits:
            self._object(read.number, None, FaultKind.CHANGED, "it does not have its seal")
        self.head = head
        self._begin(head.selection)

    def _begin(self, selection: Selection) -> None:
        self._is_gapless = selection.is_gapless
        if selection.is_gapless and selection.since is None:
            self._expected = selection.first
        # A selection of tasks or users has all of their events; one of types does not.
        self.lives = Lives(
            is_whole=selection.first == 1 and selection.since is None and not selection.events,
            is_gapless=not selection.events,
        )

    def _take_entry(self, read: _Read, entry: Entry, *, fits: bool) -> _Verdict:
        if read.number == 1 and self.head is None:
            self._object(read.number, None, FaultKind.HEAD, "there is no head before this line")
            fits = True
        self.events_count += 1
        verdict = self._place(read, entry, fits=fits)
        if verdict is _Verdict.IN_PLACE and not entry.is_intact:
            verdict = _Verdict.CHANGED
            self._object(read.number, read.position, FaultKind.CHANGED, _HASH_BROKEN)
        if verdict is _Verdict.CHANGED:
            # What a changed line says is not the history of its task.
            self.lives.lose(entry.stored)
        elif verdict is _Verdict.IN_PLACE and (found := self.lives.follow(entry.stored)):
            objection, reason = found
            self._object(read.number, read.position, _KIND_OF[objection], reason)
        return verdict

    def _place(self, read: _Read, entry: Entry, *, fits: bool) -> _Verdict:
        """Hold a line to its place in the log."""
        position = entry.stored.position
        expected = self._expected
        if expected is None:
            return self._place_among_gaps(read, entry, fits=fits)
        if not fits and position == expected:
            reason = _SEAL_BROKEN if entry.is_intact else _HASH_BROKEN
            return self._place_changed(read, expected, reason)
        if not fits and self._leads_on(expected):
            if self._ahead[0].follows(read.seals):
                reason = f"it says position {position} where {expected} stood"
                return self._place_changed(read, expected, reason)
            return self._place_displaced(read, position, expected)
        if position < expected:
            return self._place_late(read, position)
        if position > expected:
            self._miss(read, expected, position)
        self._pass(position)
        return _Verdict.IN_PLACE

    def _place_changed(self, read: _Read, expected: int, reason: str) -> _Verdict:
        self._object(read.number, expected, FaultKind.CHANGED, reason)
        self._pass(expected)
        return _Verdict.CHANGED

    def _place_displaced(self, read: _Read, position: int, expected: int) -> _Verdict:
        """A line of another place, where the next one shows that the expected one stood."""
        kind = FaultKind.DUPLICATED if self._is_known(position) else FaultKind.SWAPPED
        reason = f"it stands where position {expected} belongs"
        self._object(read.number, position, kind, reason)
        self._remember_missing(range(expected, expected + 1))
        self._pass(expected)
        return _Verdict.DISPLACED

    def _place_among_gaps(self, read: _Read, entry: Entry, *, fits: bool) -> _Verdict:
        """In an export with gaps, or behind a head that is lost, positions only have to rise."""
        position = entry.stored.position
        if position <= self.last:
            return self._place_late(read, position)
        self._pass(position)
        if fits:
            return _Verdict.IN_PLACE
        if entry.is_intact:
            self._object(read.number, position, FaultKind.DROPPED, _NOT_BEHIND)
            return _Verdict.IN_PLACE
        self._object(read.number, position, FaultKind.CHANGED, _HASH_BROKEN)
        return _Verdict.CHANGED

    def _place_late(self, read: _Read, position: int) -> _Verdict:
        """A position that has been passed: a copy, unless it was missed when it was passed."""
        is_copy = read.raw == self._before or self._is_known(position)
        kind = FaultKind.DUPLICATED if is_copy else FaultKind.SWAPPED
        reason = f"it stands behind position {self.last}"
        self._object(read.number, position, kind, reason)
        return _Verdict.LATE

    def _is_known(self, position: int) -> bool:
        """Whether this position was there before; that is known only where there are no gaps."""
        if self._expected is None or position >= self._expected:
            return False
        return not any(position in gap for gap in self._missing)

    def _leads_on(self, expected: int) -> bool:
        """Whether the next line goes on as if this one had the expected position."""
        line = self._ahead[0].line if self._ahead else None
        match None if line is None else line.content:
            case Entry() as entry:
                return entry.stored.position == expected + 1
            case Manifest() as manifest:
                return manifest.last == expected
            case _:
                return False

    def _miss(self, read: _Read, expected: int, found: int) -> None:
        missing = range(expected, found)
        what = str(expected) if len(missing) == 1 else f"{expected} to {found - 1}"
        self._object(read.number, expected, FaultKind.DROPPED, f"before it, {what} is missing")
        self._remember_missing(missing)

    def _remember_missing(self, missing: range) -> None:
        if len(self._missing) < MISSING_RANGES_MAX:
            self._missing.append(missing)

    def _pass(self, position: int) -> None:
        self.first = self.first or position
        self.last = position
        if self._is_gapless:
            self._expected = position + 1

    def _take_manifest(self, read: _Read, manifest: Manifest, *, fits: bool) -> None:
        self.manifest = manifest
        selection = None if self.head is None else self.head.selection
        ends_at = None if selection is None or selection.until is not None else selection.last
        expected = self._expected
        if ends_at is not None and expected is not None and expected <= ends_at:
            self._miss(read, expected, ends_at + 1)
        elif not fits:
            kind = FaultKind.DROPPED if manifest.count > self.events_count else FaultKind.CHANGED
            self._object(read.number, None, kind, _NOT_BEHIND)
        if not self._is_file_faulty:
            self._compare(read, manifest, selection)

    def _compare(self, read: _Read, manifest: Manifest, selection: Selection | None) -> None:
        """Compare the manifest with the file: where a fault was named, it only repeats that."""
        if selection is not None and manifest.filtered != selection.is_filtered:
            reason = f"it says filtered: {manifest.filtered}, and the head that it is not so"
            self._object(read.number, None, FaultKind.MANIFEST, reason)
        says = (manifest.count, manifest.first, manifest.last)
        found = (self.events_count, self.first, self.last)
        if says != found:
            reason = f"it says {_extent(*says)}; there are {_extent(*found)}"
            self._object(read.number, None, FaultKind.MANIFEST, reason)
        if manifest.sha256 != read.sha256_before:
            reason = f"it says SHA-256 {manifest.sha256}; the file has {read.sha256_before}"
            self._object(read.number, None, FaultKind.MANIFEST, reason)

    def _object(self, number: int, position: int | None, kind: FaultKind, reason: str) -> None:
        self._is_file_faulty = self._is_file_faulty or not kind.is_of_history
        self._faults.append(Fault(line=number, position=position, kind=kind, reason=reason))

    def _taken(self) -> Sequence[Fault]:
        faults, self._faults = self._faults, []
        return faults


_HASH_BROKEN: Final = "its event does not have the hash that the line says"
_SEAL_BROKEN: Final = "it does not have its seal, though its event has its hash"
_NOT_BEHIND: Final = "it was not sealed behind the line before it: lines are missing, or it changed"


def _extent(count: int, first: int, last: int) -> str:
    return f"{count} events, {first} to {last}" if count else "no events"
