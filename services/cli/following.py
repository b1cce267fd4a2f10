"""Follows a task to its end: by its stream, through reconnects, and by asking where none comes."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final, TypeAlias

import msgspec

from services.cli.client import ENDED, ApiClient, NotStreamed, TaskAnswer, TaskProgress, Unreachable

PAUSE_MIN_S: Final = 0.1
PAUSE_MAX_S: Final = 2.0
PAUSE_GROWTH: Final = 1.2
OUTAGE_MAX_S: Final = 60.0

_PROGRESS: Final = msgspec.json.Decoder(TaskProgress)

Moment: TypeAlias = TaskAnswer | TaskProgress


class Follower:
    """One task, followed by one client."""

    def __init__(self, client: ApiClient, task_id: str) -> None:
        self._client = client
        self._task_id = task_id
        self._is_streamed = True
        self._position = 0
        self._pause_s = PAUSE_MIN_S
        self._reached_at = asyncio.get_running_loop().time()

    async def moments(self) -> AsyncGenerator[Moment, None]:
        """The task at each change of its status, and in between how far it is, until it has ended.

        Raises:
            CommandFailed: the API said no, or could not be reached for a minute.
        """
        seen = ""
        async with aclosing(self._signals()) as signals:
            async for signal in signals:
                if signal is not None:
                    yield signal
                    continue
                task = await self._look()
                if task is None:
                    continue
                if task.status != seen:
                    seen, self._pause_s = task.status, PAUSE_MIN_S
                    yield task
                if task.status in ENDED:
                    return
                if task.progress is not None:
                    yield task.progress

    async def _signals(self) -> AsyncGenerator[TaskProgress | None, None]:
        """How far the task is; None when it is time to look at it."""
        while True:
            yield None
            if self._is_streamed:
                try:
                    async with aclosing(self._told()) as told:
                        async for one in told:
                            yield one
                except NotStreamed:
                    # Too many streams are open, or something on the way does not let them through.
                    self._is_streamed = False
                except Unreachable as error:
                    self._be_patient(error)
            await asyncio.sleep(self._pause_s)
            self._pause_s = min(PAUSE_MAX_S, self._pause_s * PAUSE_GROWTH)

    async def _told(self) -> AsyncGenerator[TaskProgress | None, None]:
        frames = self._client.events(self._task_id, after=self._position)
        async with aclosing(frames):
            async for frame in frames:
                self._reached()
                if frame.position is not None:
                    self._position = frame.position
                    yield None
                elif frame.name == "progress":
                    yield _PROGRESS.decode(frame.content)

    async def _look(self) -> TaskAnswer | None:
        """The task; None if the API is away for the moment."""
        try:
            task = await self._client.task(self._task_id)
        except Unreachable as error:
            self._be_patient(error)
            return None
        self._reached_at = asyncio.get_running_loop().time()
        return task

    def _reached(self) -> None:
        self._reached_at = asyncio.get_running_loop().time()
        self._pause_s = PAUSE_MIN_S

    def _be_patient(self, error: Unreachable) -> None:
        """The task goes on without us: an API that restarts is worth waiting for."""
        if asyncio.get_running_loop().time() - self._reached_at > OUTAGE_MAX_S:
            raise error
