"""A public server that serves one picture well and everything else badly, and counts its bytes."""

import asyncio
import contextlib
import gzip
import zlib
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from typing import Final, TypeAlias

Send: TypeAlias = Callable[[bytes], Awaitable[None]]
Answer: TypeAlias = Callable[[Send], Coroutine[None, None, None]]

PICTURE: Final = b"\x89PNG\r\n\x1a\n picture"
_ZEROS: Final = bytes(16 * 1024 * 1024)
_PAUSE_S: Final = 0.05
_BLOCK: Final = b"x" * 65536


class Origin:
    """Answers by path; `sent` holds how many bytes the system took from us for each path."""

    def __init__(self) -> None:
        self.sent: Counter[str] = Counter()
        self.heads: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request and close."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            self.heads.append(head)
            path, _, query = head.split(" ")[1].partition("?")

            async def send(piece: bytes) -> None:
                writer.write(piece)
                await writer.drain()
                self.sent[path] += len(piece)

            answer = _fixed(_redirect(query)) if path == "/302" else ANSWERS.get(path, _MISSING)
            await _unless_left(reader, answer(send))
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def _unless_left(
    reader: asyncio.StreamReader, answering: Coroutine[None, None, None]
) -> None:
    """Answer until the other side closes its end."""
    left, answer = asyncio.create_task(reader.read()), asyncio.create_task(answering)
    _ = await asyncio.wait({left, answer}, return_when=asyncio.FIRST_COMPLETED)
    for task in (left, answer):
        _ = task.cancel()
    _ = await asyncio.gather(left, answer, return_exceptions=True)


def _head(*lines: str, status: str = "200 OK") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode("latin-1")


def _redirect(location: str) -> bytes:
    return _head(f"Location: {location}", "Set-Cookie: a=b", status="302 Found")


def _fixed(*pieces: bytes) -> Answer:
    async def answer(send: Send) -> None:
        for piece in pieces:
            await send(piece)

    return answer


def _for_ever(head: bytes, piece: bytes, *, pause_s: float = 0.0) -> Answer:
    async def answer(send: Send) -> None:
        await send(head)
        while True:
            await send(piece)
            await asyncio.sleep(pause_s)

    return answer


def _held(head: bytes) -> Answer:
    """The beginning of an answer, and then nothing for longer than anybody waits."""
    return _for_ever(head, b"", pause_s=_PAUSE_S)


def _picture(*lines: str, body: bytes = PICTURE) -> Answer:
    return _fixed(_head(f"Content-Length: {len(body)}", *lines) + body)


_MISSING: Final = _fixed(_head(status="404 Not Found"))
_CHUNKED: Final = _head("Transfer-Encoding: chunked")
_GZIPPED: Final = gzip.compress(_ZEROS)

ANSWERS: Final[dict[str, Answer]] = {
    "/logo.png": _picture(),
    "/a%2Fb.png": _picture(),
    "/loop": _fixed(_redirect("/loop")),
    "/backslash": _fixed(_redirect("http://127.0.0.1\\@shop.example/")),
    "/silent": _held(b""),
    "/slow-status": _for_ever(b"", b"H", pause_s=_PAUSE_S),
    "/slow-header": _for_ever(b"HTTP/1.1 200 OK\r\nX: ", b"x", pause_s=_PAUSE_S),
    "/slow-headers": _for_ever(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n", pause_s=_PAUSE_S),
    "/slow-body": _for_ever(_head("Content-Length: 90000"), b"x", pause_s=_PAUSE_S),
    "/slow-chunks": _for_ever(_CHUNKED, b"1\r\nx\r\n", pause_s=_PAUSE_S),
    "/slow-chunk-size": _for_ever(_CHUNKED, b"0", pause_s=_PAUSE_S),
    "/slow-trailer": _for_ever(_CHUNKED + b"0\r\n", b"A: b\r\n", pause_s=_PAUSE_S),
    "/slow-interim": _for_ever(b"", _head(status="100 Continue"), pause_s=_PAUSE_S),
    "/held-body": _held(_head("Content-Length: 90000") + b"x"),
    "/endless-body": _for_ever(_head(), _BLOCK),
    "/endless-chunks": _for_ever(_CHUNKED, b"10000\r\n" + _BLOCK + b"\r\n"),
    "/endless-tiny-chunks": _for_ever(_CHUNKED, b"1\r\nx\r\n" * 10_000),
    "/endless-chunk": _for_ever(_CHUNKED + b"7fffffffffff\r\n", _BLOCK),
    "/endless-extension": _for_ever(_CHUNKED + b"1;", _BLOCK),
    "/endless-trailer": _for_ever(_CHUNKED + b"0\r\n", b"A: b\r\n" * 10_000),
    "/endless-headers": _for_ever(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n" * 10_000),
    "/endless-header": _for_ever(b"HTTP/1.1 200 OK\r\nX: ", _BLOCK),
    "/endless-status": _for_ever(b"HTTP/1.1 200 ", _BLOCK),
    "/endless-interim": _for_ever(b"", _head(status="103 Early Hints") * 1_000),
    "/endless-redirect": _for_ever(_head("Location: /logo.png", status="302 Found"), _BLOCK),
    "/endless-missing": _for_ever(_head(status="404 Not Found"), _BLOCK),
    "/says-a-terabyte": _fixed(_head("Content-Length: 1000000000000") + b"x"),
    "/says-more": _fixed(_head("Content-Length: 9000") + PICTURE),
    "/says-less": _fixed(_head(f"Content-Length: {len(PICTURE)}") + PICTURE + _BLOCK),
    "/says-negative": _fixed(_head("Content-Length: -1") + PICTURE),
    "/says-words": _fixed(_head("Content-Length: many") + PICTURE),
    "/says-two": _fixed(_head("Content-Length: 1", "Content-Length: 9000") + PICTURE),
    "/says-both": _fixed(
        _head("Content-Length: 3", "Transfer-Encoding: chunked") + b"3\r\nabc\r\n0\r\n\r\n"
    ),
    "/one-over": _picture(body=bytes(1_000_001)),
    "/gzip": _picture("Content-Encoding: gzip", body=_GZIPPED),
    "/gzip-twice": _picture("Content-Encoding: gzip, gzip", body=gzip.compress(_GZIPPED)),
    "/deflate": _picture("Content-Encoding: deflate", body=zlib.compress(_ZEROS)),
    "/brotli": _picture("Content-Encoding: br"),
    "/zstd": _picture("Content-Encoding: ZSTD"),
    "/two-encodings": _picture("Content-Encoding: identity", "Content-Encoding: gzip"),
    "/transfer-gzip": _fixed(_head("Transfer-Encoding: gzip, chunked") + b"0\r\n\r\n"),
    "/unsaid-gzip": _picture(body=_GZIPPED),
    "/many-headers": _fixed(_head(*(f"X-{n}: y" for n in range(20_000)))),
    "/large-header": _fixed(_head("X: " + "y" * 1_000_000)),
    "/bad-chunk-size": _fixed(_CHUNKED + b"zz\r\nabc\r\n"),
    "/negative-chunk": _fixed(_CHUNKED + b"-5\r\nabc\r\n"),
    "/unended-chunk": _fixed(_CHUNKED + b"3\r\nabcdef\r\n0\r\n\r\n"),
    "/cut-chunk": _fixed(_CHUNKED + b"ff\r\nabc"),
    "/not-http": _fixed(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "/http-nine": _fixed(PICTURE),
    "/bad-header": _fixed(_head("no colon here")),
    "/bad-status": _fixed(b"HTTP/1.1 abc OK\r\n\r\n"),
    "/switching": _fixed(_head("Upgrade: h2c", status="101 Switching Protocols")),
    "/nothing": _fixed(b""),
}
