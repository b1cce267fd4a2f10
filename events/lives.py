"""Follows the lives of all tasks through a log: chains, sequences, and what may follow what.

Of each task it keeps one hash, one number, and how far its life is: about 220 bytes.
"""

from enum import StrEnum
from uuid import UUID

import msgspec

from events.codec import UnreadableEvent, decode
from events.log import StoredEvent
from events.subjects import InvalidSubject, parse_subject
from events.task import RecordedEvent
from events.transitions import Stage, stage_after, why_impossible


class Objection(StrEnum):
    """What is wrong with an event, seen from the ones before it."""

    UNREADABLE = "unreadable"
    SEQUENCE = "sequence"
    CHAIN = "chain"
    IMPOSSIBLE = "impossible"


class _Life(msgspec.Struct, frozen=True, gc=False):
    """A task, as its last event left it."""

    user_key: str
    last_hash: bytes
    sequence: int
    stage: Stage


class Lives:
    """All tasks of a log, or of a part of it.

    `is_whole`: tasks are there from their first event on. `is_gapless`: none of their events
    between the first and the last is left out. Where that is not so, less is asked for.
    """

    def __init__(self, *, is_whole: bool, is_gapless: bool) -> None:
        self.begun_before_count = 0
        self._is_whole = is_whole
        self._is_gapless = is_gapless
        self._lives: dict[bytes, _Life | None] = {}
        self._stages: dict[Stage, Stage] = {}
        self._user_keys: dict[str, str] = {}

    @property
    def tasks_count(self) -> int:
        """How many tasks were met."""
        return len(self._lives)

    def follow(self, stored: StoredEvent) -> tuple[Objection, str] | None:
        """One more event of the log; what is wrong with it, if anything is."""
        try:
            recorded = decode(stored)
        except UnreadableEvent as error:
            self.lose(stored)
            return Objection.UNREADABLE, error.reason
        key = _key_of(recorded.task_id)
        is_met = key in self._lives
        before = self._lives.get(key)
        objection = self._objection(before, recorded, is_met=is_met)
        payload = recorded.event.data
        stage = stage_after(None if before is None else before.stage, payload)
        self._lives[key] = _Life(
            self._user_keys.setdefault(recorded.user_key, recorded.user_key),
            bytes.fromhex(recorded.hash),
            int(recorded.event.sequence),
            self._stages.setdefault(stage, stage),
        )
        return objection

    def lose(self, stored: StoredEvent) -> None:
        """An event that nothing is known of but its place: the next one of its task begins anew."""
        try:
            self._lives[_key_of(parse_subject(stored.subject).task_id)] = None
        except InvalidSubject:
            return

    def _objection(
        self, before: _Life | None, recorded: RecordedEvent, *, is_met: bool
    ) -> tuple[Objection, str] | None:
        if before is not None:
            return self._objection_after(before, recorded)
        if is_met:
            return None
        if int(recorded.event.sequence) > 1 and not self._is_whole:
            self.begun_before_count += 1
            return None
        return self._objection_at_first(recorded)

    def _objection_at_first(self, recorded: RecordedEvent) -> tuple[Objection, str] | None:
        event = recorded.event
        if event.sequence != f"{1:010d}":
            reason = f"{recorded.task_id} begins with sequence {int(event.sequence)}"
            return Objection.SEQUENCE, reason
        if event.previoushash is not None:
            return Objection.CHAIN, f"{recorded.task_id} begins with a previoushash"
        impossible = why_impossible(None, event.data)
        if impossible is None:
            return None
        return Objection.IMPOSSIBLE, f"{recorded.task_id}: {impossible}"

    def _objection_after(
        self, before: _Life, recorded: RecordedEvent
    ) -> tuple[Objection, str] | None:
        event, task_id = recorded.event, recorded.task_id
        sequence = int(event.sequence)
        if recorded.user_key != before.user_key:
            return Objection.IMPOSSIBLE, f"{task_id} is another user's"
        is_next = sequence == before.sequence + 1
        if not is_next and (self._is_gapless or sequence <= before.sequence):
            reason = f"{task_id}: sequence {sequence} follows {before.sequence}"
            return Objection.SEQUENCE, reason
        if not is_next:
            return None
        if event.previoushash != before.last_hash.hex():
            reason = f"{task_id}: previoushash is not the hash of sequence {before.sequence}"
            return Objection.CHAIN, reason
        impossible = why_impossible(before.stage, event.data)
        if impossible is None:
            return None
        return Objection.IMPOSSIBLE, f"{task_id}: {impossible}"


def _key_of(task_id: str) -> bytes:
    return UUID(task_id[-36:]).bytes
