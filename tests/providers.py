"""What tests of the providers' engines share: a provider on loopback, and what it is asked."""

import asyncio
import io
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec
from aiohttp import BodyPartReader, web
from PIL import Image, PngImagePlugin

from services.refinement.engines import Engine
from services.refinement.pictures import encode_png
from tests.unit.reactor.workbench import Workbench

KEY: Final = "sk-test-7d1f0c5e9b"
LOGO: Final = encode_png(Image.new("RGBA", (64, 48), (120, 72, 40, 255)))
SVG: Final = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
PAGE: Final = b"<!doctype html><h1>502 Bad Gateway</h1>"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A request as it arrived; `fields` are those of a form, files with their bytes."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    fields: dict[str, Any] = {}


class ProviderServer:
    """Answers each method and path with what was prepared for it, the last answer for ever."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.url = ""
        self._answers: dict[str, list[Handler]] = {}

    def answer(self, place: str, *answers: Handler) -> None:
        """Prepare answers for a place such as `POST /v1/images/edits`."""
        self._answers[place] = list(answers)

    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [f"{call.method} {call.path}" for call in self.calls]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Remember a request, and answer it."""
        fields: dict[str, Any] = {}
        body = b""
        if request.content_type == "multipart/form-data":
            async for part in await request.multipart():
                assert isinstance(part, BodyPartReader)
                value = bytes(await part.read())
                fields[part.name or ""] = value if part.filename else value.decode()
        else:
            body = await request.read()
        call = Call(
            method=request.method,
            path=request.path,
            headers=dict(request.headers),
            body=body,
            fields=fields,
        )
        self.calls.append(call)
        answers = self._answers.get(f"{request.method} {request.path}", [says(404)])
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return await answer(request)


@asynccontextmanager
async def served() -> AsyncIterator[ProviderServer]:
    """A provider on loopback."""
    server = ProviderServer()
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        await runner.cleanup()


def says(
    status: int,
    body: object = b"",
    *,
    content_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> Handler:
    """An answer: bytes as they are, anything else as JSON."""
    encoded = body if isinstance(body, bytes) else msgspec.json.encode(body)

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, body=encoded, content_type=content_type, headers=headers)

    return answer


async def hangs(_: web.Request) -> web.StreamResponse:
    """Take the request, and never answer."""
    await asyncio.Event().wait()
    raise AssertionError


async def cuts(request: web.Request) -> web.StreamResponse:
    """Begin an answer, and cut the connection in the middle of its body."""
    return await cuts_with(200)(request)


def cuts_with(status: int) -> Handler:
    """Like `cuts`, with a status that says something."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=status, headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b'{"data": [')
        assert request.transport is not None
        request.transport.close()
        return response

    return answer


async def babbles(request: web.Request) -> web.StreamResponse:
    """Answer with something that is no HTTP."""
    assert request.transport is not None
    request.transport.write(b"HTTP/1.1 two hundred\r\n\r\n")
    request.transport.close()
    await asyncio.Event().wait()
    raise AssertionError


def endless(limit: int, *, status: int = 200) -> Handler:
    """Send a body without an announced end, until `limit` or the client goes."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=status)
        await response.prepare(request)
        for _ in range(limit // 65_536 + 1):
            await response.write(b" " * 65_536)
        return response

    return answer


def picture(colour: tuple[int, int, int] = (200, 160, 120)) -> bytes:
    """What a provider makes of the logo, with metadata that must not survive."""
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "made by a provider")
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(buffer, "PNG", pnginfo=text)
    return buffer.getvalue()


def bomb() -> bytes:
    """A PNG of few bytes and too many pixels."""
    buffer = io.BytesIO()
    Image.new("1", (9000, 9000)).save(buffer, "PNG")
    return buffer.getvalue()


async def attempt_often(bench: Workbench, times: int = 6) -> None:
    """Hand the request out again and again, long after each time it was postponed to."""
    for _ in range(times):
        bench.queue.hurry()
        delivery = await bench.queue.next(wait_s=0)
        if delivery is None:
            return
        await bench.reactor.handle(delivery)
        bench.clock.move(seconds=20)


async def failure_codes(bench: Workbench) -> list[str]:
    """The error codes on the log, in order."""
    codes = []
    for recorded in await bench.everything():
        code = getattr(recorded.event.data, "error_code", None)
        if code is not None:
            codes.append(str(code))
    return codes


def workbench(engine: Engine, *, timeout_s: float = 5, calls_max: int = 2) -> Workbench:
    """A reactor whose engine is a provider's."""
    return Workbench(engine=engine, original=LOGO, calls_max=calls_max, timeout_s=timeout_s)


def told_by(error: BaseException) -> str:
    """All that an error, its causes and its context show."""
    lines = ["".join(traceback.format_exception(error))]
    seen: BaseException | None = error
    while seen is not None:
        lines += [repr(seen), str(seen), repr(seen.args), repr(vars(seen))]
        seen = seen.__cause__ or seen.__context__
    return "\n".join(lines)


def mentions_key(texts: Iterable[object]) -> bool:
    """Whether the key shows in any of these."""
    return any(KEY in text for one in texts for text in (repr(one), str(one)))
