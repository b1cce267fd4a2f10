"""The HTTP API as the command line uses it: a client like any other."""

import re
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import quote, urlencode

import aiohttp
import msgspec

from services.cli.errors import CommandFailed

TIMEOUT_S: Final = 20.0
# A stream shows that it lives more often than this.
SILENCE_S: Final = 40.0
# An event takes one line of a stream, and the log takes no larger ones.
LINE_BYTES_MAX: Final = 512 * 1024
ENDED: Final = frozenset({"completed", "failed", "cancelled"})
PAGE_MAX: Final = 50
EVENT_STREAM: Final = "text/event-stream"

_NEXT: Final = re.compile(r'<(/[^>]*)>; *rel="next"')
_ACCEPTED: Final = 202
_OK: Final = 200
_NO_CONTENT: Final = 204
_CONFLICT: Final = 409
# The API or what it needs is away for a while; nothing is wrong with the request.
_PASSING: Final = frozenset({502, 503, 504})


class TaskProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a task is; `position` is its place in the waiting line, where that is known."""

    stage: str
    fraction: float
    position: int | None = None


class TaskAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A task's body, as far as the command line shows it."""

    task_id: str
    status: str
    message: str = ""
    image_url: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    progress: TaskProgress | None = None
    result: dict[str, Any] = msgspec.field(default_factory=dict)


class ListedTask(msgspec.Struct, frozen=True, kw_only=True):
    """A task in a list, as far as the command line shows it."""

    class Metadata(msgspec.Struct, frozen=True, kw_only=True):
        """What was asked for."""

        refinement_prompt: str

    task_id: str
    status: str
    created_at: datetime
    metadata: Metadata


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """One frame of an event stream; `position` is that of an event, None for what is no history."""

    name: str
    content: bytes
    position: int | None = None


class _Problem(msgspec.Struct, frozen=True, kw_only=True):
    title: str = ""
    detail: str = ""
    field_errors: dict[str, list[str]] = msgspec.field(default_factory=dict)


class Unreachable(CommandFailed):
    """The API does not answer."""

    def __init__(self, api: str, *, reason: str) -> None:
        super().__init__(f"the API at {api} cannot be reached: {reason}")


class NotStreamed(CommandFailed):
    """The API answers, but not with a stream."""


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
        status, body = await self._call("GET", _path_of(task_id))
        if status in _PASSING:
            raise Unreachable(self._api, reason=f"HTTP {status}")
        if status != _OK:
            raise CommandFailed(_explain(status, body))
        return msgspec.json.decode(body, type=TaskAnswer)

    async def cancel(self, task_id: str) -> TaskAnswer:
        """A task, stopped.

        Raises:
            CommandFailed: it has ended already, is not there, or the API cannot be reached.
        """
        status, body = await self._call("POST", f"{_path_of(task_id)}/cancel")
        if status == _OK:
            return msgspec.json.decode(body, type=TaskAnswer)
        if status == _CONFLICT:
            task = msgspec.json.decode(body, type=TaskAnswer)
            raise CommandFailed(f"{task.task_id} has ended: it is {task.status}")
        raise CommandFailed(_explain(status, body))

    async def tasks(self, *, statuses: Sequence[str], limit: int) -> tuple[list[ListedTask], bool]:
        """So many tasks at most, newest first, in these statuses or in any; and if there are more.

        Raises:
            CommandFailed: the API said no, or cannot be reached.
        """
        query = {"limit": str(min(limit, PAGE_MAX))}
        if statuses:
            query["status"] = ",".join(statuses)
        path = f"/api/tasks?{urlencode(query)}"
        listed: list[ListedTask] = []
        while path and len(listed) < limit:
            status, headers, body = await self._call_with_headers("GET", path)
            if status != _OK:
                raise CommandFailed(_explain(status, body))
            listed.extend(msgspec.json.decode(body, type=list[ListedTask]))
            link = _NEXT.search(headers.get("Link", ""))
            path = "" if link is None else link[1]
        return listed[:limit], bool(path) or len(listed) > limit

    async def events(self, task_id: str, *, after: int) -> AsyncGenerator[Frame, None]:
        """What the stream of a task tells behind a position, for as long as it lasts.

        Raises:
            Unreachable: the connection was lost, or there is none.
            NotStreamed: the API, or something on the way to it, does not stream now.
        """
        headers = {"Accept": EVENT_STREAM}
        if after:
            headers["Last-Event-ID"] = str(after)
        bound = aiohttp.ClientTimeout(total=None, sock_connect=TIMEOUT_S, sock_read=SILENCE_S)
        try:
            async with self._session.get(
                f"{self._api}{_path_of(task_id)}/events",
                headers=headers,
                timeout=bound,
                read_bufsize=LINE_BYTES_MAX,
            ) as answer:
                if answer.status == _NO_CONTENT:
                    return
                if answer.status != _OK or answer.content_type != EVENT_STREAM:
                    raise NotStreamed(f"the API answered {answer.status}")
                async for frame in _frames(answer.content):
                    yield frame
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise Unreachable(self._api, reason=type(error).__name__) from error

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
        status, _, body = await self._call_with_headers(method, path, payload)
        return status, body

    async def _call_with_headers(
        self, method: str, path: str, payload: dict[str, str] | None = None
    ) -> tuple[int, Mapping[str, str], bytes]:
        try:
            async with self._session.request(method, self._api + path, json=payload) as answer:
                return answer.status, answer.headers, await answer.read()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise Unreachable(self._api, reason=type(error).__name__) from error


def _path_of(task_id: str) -> str:
    return f"/api/tasks/{quote(task_id, safe='')}"


def _explain(status: int, body: bytes) -> str:
    try:
        problem = msgspec.json.decode(body, type=_Problem)
    except msgspec.MsgspecError:
        return f"the API answered {status}"
    fields = "; ".join(f"{name}: {', '.join(text)}" for name, text in problem.field_errors.items())
    return " - ".join(part for part in (problem.title, fields or problem.detail) if part)


async def _frames(lines: AsyncIterable[bytes]) -> AsyncIterator[Frame]:
    """The named frames of a stream; one that is cut short is left out."""
    fields: dict[bytes, bytes] = {}
    async for line in lines:
        if line != b"\n":
            field, _, value = line.rstrip(b"\n").partition(b": ")
            fields[field] = value
            continue
        if b"event" in fields:
            position = fields.get(b"id")
            yield Frame(
                name=fields[b"event"].decode(),
                content=fields.get(b"data", b""),
                position=None if position is None else int(position),
            )
        fields = {}
