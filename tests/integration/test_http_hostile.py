"""The API's real server against bytes that no client means: refused with a reason, and closed."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Final

import msgspec
import pytest
from typing_extensions import override

from tests.unit.api_server import serving
from tests.unit.api_world import SEED_REQUEST, World

BODY_MAX_BYTES: Final = 65_536
# The server closes a held head after 5 s, the API a held body after 10 s.
HELD_S: Final = 20.0
ANSWER_S: Final = 5.0
JSON: Final = b"Content-Type: application/json\r\n"
CHUNKED: Final = b"Transfer-Encoding: chunked\r\n\r\n"
REFINE: Final = b"POST /api/concepts/refine HTTP/1.1\r\nHost: x\r\n"
LIVE: Final = b"GET /api/health/live HTTP/1.1\r\nHost: x\r\n"


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """What came back over a connection, and how many seconds after the bytes it was closed."""

    answer: bytes
    closed_after_s: float | None

    @property
    def status(self) -> int | None:
        """The status of the first answer."""
        return int(self.answer.split(b" ", 2)[1]) if self.answer else None


class Wire:
    """Connections to an API, and the token of a user."""

    def __init__(self, port: int, token: bytes) -> None:
        self.port = port
        self.token = token

    def refine(self, *headers: bytes) -> bytes:
        """The head of a refinement request up to its last headers."""
        return REFINE + b"Authorization: " + self.token + b"\r\n" + b"".join(headers)

    async def send(self, sent: bytes, *, wait_s: float = ANSWER_S, drips: bool = False) -> Heard:
        """What is heard within a time after bytes were sent, dripping on after them or not."""
        loop = asyncio.get_running_loop()
        transport, ear = await loop.create_connection(Ear, "127.0.0.1", self.port)
        started = loop.time()
        transport.write(sent)
        dripping = asyncio.create_task(_drip(transport)) if drips else None
        _ = await asyncio.wait({ear.closed}, timeout=wait_s)
        closed_after_s = loop.time() - started if ear.closed.done() else None
        if dripping is not None:
            _ = dripping.cancel()
        transport.abort()
        return Heard(answer=bytes(ear.answer), closed_after_s=closed_after_s)


class Ear(asyncio.Protocol):
    """Keeps what was heard before a connection was closed, also if it was reset."""

    def __init__(self) -> None:
        self.answer = bytearray()
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @override
    def data_received(self, data: bytes) -> None:
        """Keep it."""
        self.answer += data

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Tell."""
        self.closed.set_result(None)


async def _drip(transport: asyncio.WriteTransport) -> None:
    while not transport.is_closing():
        transport.write(b"x")
        await asyncio.sleep(0.25)


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    """An API that is served, and a way to it."""
    world = World()
    async with serving(world) as api:
        yield Wire(api.port, world.signed_in()["Authorization"].encode())


def length(body: bytes, *, told: object = None) -> bytes:
    """The rest of a request: a length, true or not, and a body."""
    told = len(body) if told is None else told
    return f"Content-Length: {told}\r\nConnection: close\r\n\r\n".encode() + body


def chunk(body: bytes) -> bytes:
    """One chunk."""
    return f"{len(body):x}\r\n".encode() + body + b"\r\n"


LENGTHS_REFUSED: Final = ("-1", "+2", "two", "0x2", "", "1_0", "2, 3", "9" * 30)

CHUNKS: Final[dict[str, tuple[bytes, int]]] = {
    "a size that is none": (b"zz\r\n{}\r\n0\r\n\r\n", 400),
    "a size below nothing": (b"-2\r\n{}\r\n0\r\n\r\n", 400),
    "a size beyond 64 bits": (b"f" * 18 + b"\r\n{}\r\n0\r\n\r\n", 400),
    "less told than sent": (b"1\r\n{}\r\n0\r\n\r\n", 400),
    "an extension without end": (b"2;" + b"a" * 20_000 + b"\r\n{}\r\n0\r\n\r\n", 400),
    "more than may be": (chunk(b" " * 1024) * 65 + chunk(b""), 413),
    "one that is more than may be": (b"fffffff\r\n" + b" " * 70_000, 413),
    "no UTF-8": (chunk(b"\xff\xfe") + chunk(b""), 422),
    "trailers": (chunk(b"{}") + b"0\r\nAuthorization: other\r\n\r\n", 422),
    "nothing": (chunk(b""), 422),
}

HEADERS: Final[dict[str, tuple[bytes, int]]] = {
    "another content type": (b"Content-Type: text/plain\r\n", 415),
    "the content type again": (JSON, 415),
    "two lengths": (b"Content-Length: 3\r\n", 400),
    "more than 100": (b"".join(b"X-%d: y\r\n" % number for number in range(100)), 431),
    "one of 16 KiB": (b"X: " + b"y" * 16_384 + b"\r\n", 431),
    "one of 300 kB": (b"X: " + b"y" * 300_000 + b"\r\n", 431),
    "a null byte": (b"X: a\x00b\r\n", 400),
    "a name with a blank": (b"X X: a\r\n", 400),
    "a folded line": (b"X: a\r\n b\r\n", 400),
    "a blank before the colon": (b"Transfer-Encoding : chunked\r\n", 400),
    "an unknown coding": (b"Transfer-Encoding: xchunked\r\n", 400),
    "a key beyond ASCII": (b"Idempotency-Key: \xff\xfe\r\n", 422),
    "others beyond ASCII": (b"Origin: \xff\r\nAccept: \xff\r\nX-Request-ID: \xff\r\n", 422),
    "a packed body": (b"Content-Encoding: gzip\r\n", 415),
}


async def test_a_true_request_is_accepted(wire: Wire) -> None:
    """What the others are changed from is good: with a length, and in chunks."""
    body = json.dumps(SEED_REQUEST).encode()

    whole = await wire.send(wire.refine(JSON) + length(body))
    in_chunks = wire.refine(JSON, b"Connection: close\r\n") + CHUNKED
    again = await wire.send(in_chunks + chunk(body[:9]) + chunk(body[9:]) + chunk(b""))

    assert (whole.status, again.status) == (202, 409)


async def test_a_length_that_is_none_is_refused(wire: Wire) -> None:
    """Whatever is not a number of bytes is 400, and one that is too many is 413 unread."""
    heard = [
        await wire.send(wire.refine(JSON) + length(b"{}", told=told)) for told in LENGTHS_REFUSED
    ]
    large = await wire.send(wire.refine(JSON) + length(b"{}", told=BODY_MAX_BYTES + 1))
    huge = await wire.send(wire.refine(JSON) + length(b"{}", told=10**10))

    assert [one.status for one in heard] == [400] * len(LENGTHS_REFUSED)
    assert (large.status, huge.status) == (413, 413)
    assert all(one.closed_after_s is not None for one in (*heard, large, huge))


async def test_chunks_that_lie_are_refused(wire: Wire) -> None:
    """A body in chunks is bounded like any other, and one that is badly framed ends there."""
    heard = {
        case: await wire.send(wire.refine(JSON, b"Connection: close\r\n") + CHUNKED + chunks)
        for case, (chunks, _) in CHUNKS.items()
    }

    assert {case: one.status for case, one in heard.items()} == {
        case: status for case, (_, status) in CHUNKS.items()
    }
    for one in heard.values():
        assert b"application/problem+json" in one.answer
        assert b"x-ratelimit-remaining: 10" in one.answer
        assert one.closed_after_s is not None


async def test_odd_headers_are_refused(wire: Wire) -> None:
    """Too many, too large, ambiguous or malformed: never an error of ours, and never accepted."""
    heard = {
        case: await wire.send(wire.refine(JSON, header) + length(b"{}"))
        for case, (header, _) in HEADERS.items()
    }

    assert {case: one.status for case, one in heard.items()} == {
        case: status for case, (_, status) in HEADERS.items()
    }
    assert all(one.closed_after_s is not None for one in heard.values())


async def test_odd_addresses_are_refused(wire: Wire) -> None:
    """Whatever the bytes of an address are, they lead to nothing, and to no error of ours."""
    signed_in = b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: " + wire.token
    addresses = [b"%ff%fe", b"%00", b"%ed%a0%80", b"%zz%2", b"\xff\xfe", b"..%2f..%2fschema"]

    heard = [
        await wire.send(b"GET /api/tasks/" + address + signed_in + b"\r\n\r\n")
        for address in addresses
    ]
    long = await wire.send(b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n")

    assert [one.status for one in heard] == [404, 404, 404, 404, 400, 404]
    assert long.status == 431


async def test_held_connections_are_closed(wire: Wire) -> None:
    """Nobody holds a connection by saying nothing, or half of something, or a byte now and then."""
    begun = b"Content-Length: 60000\r\n\r\n{"
    heads = [b"", b"G", LIVE + b"X: ", LIVE + b"\r\n", LIVE + b"\r\nGET /"]
    bodies = [wire.refine(JSON) + begun, wire.refine(JSON) + CHUNKED + b"5\r\n{"]
    unread = [
        REFINE + JSON + begun,
        wire.refine() + begun,
        b"POST /nothing HTTP/1.1\r\nHost: x\r\n" + begun,
        LIVE + begun,
    ]

    heard = await asyncio.gather(
        *(wire.send(sent, wait_s=HELD_S) for sent in (*heads, *bodies, *unread)),
        *(wire.send(sent, wait_s=HELD_S, drips=True) for sent in (heads[2], bodies[0], unread[2])),
    )

    assert [one.status for one in heard] == [
        *(None, None, None, 200, 200),
        *(408, 408),
        *(401, 415, 404, 200),
        *(None, 408, 404),
    ]
    assert [one.closed_after_s is not None for one in heard] == [True] * len(heard)
