"""Clients that follow a task: over server-sent events, or with one long poll after the other."""

from collections.abc import AsyncIterator
from typing import Any, Final

import aiohttp
import msgspec

from tests.system.customers import ENDED, Customer

POLL_WAIT_S: Final = 20
# In the order in which a task can have them; from the last three there is no way on.
STATUSES: Final = ("pending", "processing", "completed", "failed", "cancelled")
# A stream shows that it lives more often than this.
SILENCE_S: Final = 40.0


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One event as a stream has told it."""

    position: int
    name: str
    body: bytes


class Listener:
    """Follows one task over server-sent events, and knows what it was told so far."""

    def __init__(self, customer: Customer, task_id: str) -> None:
        self.told: list[Told] = []
        self.progress: list[dict[str, Any]] = []
        self.statuses: list[int] = []
        self.clean_ends = 0
        self._customer = customer
        self._task_id = task_id

    async def listen(self) -> None:
        """Open a stream behind the last event that was told, and read it to its end.

        Raises:
            aiohttp.ClientError: the connection was lost, or there was none.
        """
        headers = {"Accept": "text/event-stream"}
        if self.told:
            headers["Last-Event-ID"] = str(self.told[-1].position)
        path = f"/api/tasks/{self._task_id}/events"
        async with self._customer.streaming(path, headers=headers, silence_s=SILENCE_S) as answer:
            self.statuses.append(answer.status)
            async for fields in _frames(answer):
                self._take(fields)
            self.clean_ends += 1

    def _take(self, fields: dict[bytes, bytes]) -> None:
        if b"id" in fields:
            position, name = int(fields[b"id"]), fields[b"event"].decode()
            self.told.append(Told(position=position, name=name, body=fields[b"data"]))
        elif fields.get(b"event") == b"progress":
            self.progress.append(msgspec.json.decode(fields[b"data"], type=dict[str, Any]))


class Poller:
    """Follows one task with requests that wait, each with the tag of the answer before."""

    def __init__(self, customer: Customer, task_id: str) -> None:
        self.answers: list[int] = []
        self.statuses: list[str] = []
        self.positions: list[int] = []
        self._customer = customer
        self._task_id = task_id

    async def poll(self) -> None:
        """Ask until the task has ended."""
        tag = ""
        while not self.statuses or self.statuses[-1] not in ENDED:
            answer = await self._customer.waited(self._task_id, wait_s=POLL_WAIT_S, tag=tag)
            self.answers.append(answer.status)
            tag = answer.headers["ETag"]
            self.positions.append(int(tag.removeprefix('W/"').partition("-")[0]))
            if answer.status == 200:
                self.statuses.append(answer.json["status"])


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
