"""Clients that follow a task: over server-sent events, or with one long poll after the other."""

from collections.abc import AsyncIterator
from typing import Final

import aiohttp
import msgspec

from events.codec import event_name
from events.task import RecordedEvent
from tests.system.customers import ENDED, Answer, Customer

POLL_WAIT_S: Final = 20
# A stream shows that it lives more often than this.
SILENCE_S: Final = 40.0


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One event as a stream has told it: its position in the log, and its name."""

    position: int
    name: str


class Listener:
    """Follows one task over server-sent events, and knows what it was told so far."""

    def __init__(self, customer: Customer, task_id: str) -> None:
        self.task_id = task_id
        self.told: list[Told] = []
        self.streams_opened = 0
        self.streams_ended = 0
        self._customer = customer

    async def listen(self) -> None:
        """Open a stream behind the last event that was told, and read it to its end.

        Raises:
            aiohttp.ClientError: the connection was lost, or there was none.
        """
        headers = {"Accept": "text/event-stream"}
        if self.told:
            headers["Last-Event-ID"] = str(self.told[-1].position)
        path = f"/api/tasks/{self.task_id}/events"
        async with self._customer.streaming(path, headers=headers, silence_s=SILENCE_S) as answer:
            assert answer.status == 200, answer
            self.streams_opened += 1
            async for fields in _frames(answer):
                self._take(fields)
            self.streams_ended += 1

    @property
    def has_ended(self) -> bool:
        """Whether it was told of the end of the task."""
        return bool(self.told) and self.told[-1].name in ENDED

    def _take(self, fields: dict[bytes, bytes]) -> None:
        if b"id" in fields:
            self.told.append(Told(position=int(fields[b"id"]), name=fields[b"event"].decode()))


class Poller:
    """Follows one task with requests that wait, each with the tag of the answer before."""

    def __init__(self, customer: Customer, task_id: str) -> None:
        self.task_id = task_id
        self.tags: list[str] = []
        self.statuses: list[str] = []
        self._customer = customer

    async def look(self) -> None:
        """See how the task is, without waiting."""
        self._take(await self._customer.task(self.task_id))

    async def poll(self) -> None:
        """Ask for what is new, again and again, until the task has ended."""
        while self.statuses[-1] not in ENDED:
            answer = await self._customer.waited(
                self.task_id, wait_s=POLL_WAIT_S, tag=self.tags[-1]
            )
            # Without it there was no place to wait.
            assert answer.headers["Preference-Applied"] == f"wait={POLL_WAIT_S}"
            self._take(answer)

    @property
    def positions(self) -> list[int]:
        """Of each answer, the last event that it tells of."""
        return [int(tag.removeprefix('W/"').partition("-")[0]) for tag in self.tags]

    def _take(self, answer: Answer) -> None:
        assert answer.status in {200, 304}, answer
        self.tags.append(answer.headers["ETag"])
        if answer.status == 200:
            self.statuses.append(answer.json["status"])


def told_of(recorded: RecordedEvent) -> Told:
    """An event of the log as a stream tells it."""
    return Told(position=recorded.position, name=event_name(recorded.event.type))


async def _frames(answer: aiohttp.ClientResponse) -> AsyncIterator[dict[bytes, bytes]]:
    """The fields of each frame; comments are left out, and so is a frame that is cut short."""
    fields: dict[bytes, bytes] = {}
    async for line in answer.content:
        if line == b"\n":
            yield fields
            fields = {}
        elif not line.startswith(b":"):
            name, _, value = line.rstrip(b"\n").partition(b": ")
            fields[name] = value
