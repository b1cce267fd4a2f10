"""The HTTP API as the command line uses it: a client like any other."""

import asyncio
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Final, Self

import aiohttp
import msgspec

from services.cli.errors import CommandFailed

TIMEOUT_S: Final = 20.0
POLL_MIN_S: Final = 0.1
POLL_MAX_S: Final = 2.0
POLL_GROWTH: Final = 1.2
OUTAGE_MAX_S: Final = 60.0
ENDED: Final = frozenset({"completed", "failed", "cancelled"})

_ACCEPTED: Final = 202
_OK: Final = 200
_CONFLICT: Final = 409


class TaskAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A task's body, as far as the command line shows it."""

    task_id: str
    status: str
    message: str = ""
    image_url: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    result: dict[str, Any] = msgspec.field(default_factory=dict)


class _Problem(msgspec.Struct, frozen=True, kw_only=True):
    title: str = ""
    detail: str = ""
    field_errors: dict[str, list[str]] = msgspec.field(default_factory=dict)


class Unreachable(CommandFailed):
    """The API does not answer."""

    def __init__(self, api: str, *, reason: str) -> None:
        super().__init__(f"the API at {api} cannot be reached: {reason}")


class ApiClient:
    """One user's calls to one API."""

    def __init__(self, *, api: str, token: str) -> None:
        """Prepare; nothing is connected yet."""
        self._api = api.rstrip("/")
        self._session = aiohttp.ClientSession(
            headers={"Authorization": f"Bearer {token}"},
            timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
        )

    async def __aenter__(self) -> Self:
        """Nothing to open."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the connections."""
        await self._session.close()

    async def refine(self, request: dict[str, str]) -> TaskAnswer:
        """Request a refinement.

        Raises:
            CommandFailed: it was refused, or the API cannot be reached.
        """
        status, body = await self._call("POST", "/api/concepts/refine", request)
        if status == _ACCEPTED:
            return msgspec.json.decode(body, type=TaskAnswer)
        if status == _CONFLICT:
            task = msgspec.json.decode(body, type=TaskAnswer)
            raise CommandFailed(f"{task.message}: {task.task_id} is {task.status}")
        raise CommandFailed(_explain(status, body))

    async def task(self, task_id: str) -> TaskAnswer:
        """One task.

        Raises:
            CommandFailed: it is not there, or the API cannot be reached.
        """
        status, body = await self._call("GET", f"/api/tasks/{task_id}")
        if status != _OK:
            raise CommandFailed(_explain(status, body))
        return msgspec.json.decode(body, type=TaskAnswer)

    async def watch(self, task_id: str) -> AsyncIterator[TaskAnswer]:
        """A task at each change of its status, until it has ended.

        Raises:
            CommandFailed: the API said no, or could not be reached for a minute.
        """
        pause_s = POLL_MIN_S
        seen = ""
        loop = asyncio.get_running_loop()
        reached_at = loop.time()
        while True:
            try:
                task = await self.task(task_id)
            except Unreachable:
                # The task goes on without us: an API that restarts is worth waiting for.
                if loop.time() - reached_at > OUTAGE_MAX_S:
                    raise
                await asyncio.sleep(POLL_MAX_S)
                continue
            reached_at = loop.time()
            if task.status != seen:
                seen, pause_s = task.status, POLL_MIN_S
                yield task
            if task.status in ENDED:
                return
            await asyncio.sleep(pause_s)
            pause_s = min(POLL_MAX_S, pause_s * POLL_GROWTH)

    async def download(self, url: str) -> bytes:
        """A picture behind a presigned URL, which carries its own authorization.

        Raises:
            CommandFailed: it could not be read.
        """
        try:
            async with aiohttp.ClientSession() as session, session.get(url) as answer:
                if answer.status != _OK:
                    raise CommandFailed(f"the picture could not be read: HTTP {answer.status}")
                return await answer.read()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise CommandFailed(f"the picture could not be read: {error}") from error

    async def _call(
        self, method: str, path: str, payload: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        try:
            async with self._session.request(method, self._api + path, json=payload) as answer:
                return answer.status, await answer.read()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise Unreachable(self._api, reason=type(error).__name__) from error


def _explain(status: int, body: bytes) -> str:
    try:
        problem = msgspec.json.decode(body, type=_Problem)
    except msgspec.MsgspecError:
        return f"the API answered {status}"
    fields = "; ".join(f"{name}: {', '.join(text)}" for name, text in problem.field_errors.items())
    return " - ".join(part for part in (problem.title, fields or problem.detail) if part)
