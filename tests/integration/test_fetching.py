"""The fetcher against real sockets: what it downloads, and what it never connects to."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from ipaddress import IPv4Network
from typing import Any

import pytest
from yarl import URL

from services.refinement.failures import (
    FetchFailed,
    FetchRefused,
    OriginalMissing,
    PictureRefused,
    RefinementFailure,
)
from services.refinement.fetching import Fetcher, FetchLimits

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]

LIMITS = FetchLimits(bytes_max=100_000, timeout_s=1.0)
LOOPBACK = (IPv4Network("127.0.0.1/32"),)

# `PORT` is replaced by the port of a canary that listens on loopback.
HOSTILE_TABLE = r"""
    http://127.0.0.1/ http://127.0.0.1:PORT/ https://127.0.0.1/ https://127.0.0.1:PORT/
    http://127.0.0.1:443/ http://127.0.0.2/ http://127.255.255.254/ http://127.1/ http://127.0.1/
    http://127.1:PORT/ http://2130706433/ http://2130706433:PORT/ http://0x7f000001/ http://0x7f.1/
    http://0177.0.0.1/ http://017700000001/ http://127.0.0.1./ http://127.00.0.1/ http://0/
    http://0.0.0.0/ http://0.0.0.0:PORT/ http://localhost/ http://localhost:PORT/ http://LOCALHOST/
    http://localhost./ http://a.localhost/ http://localhost.localdomain/ http://redis/ http://minio/
    http://minio:9000/ http://mongodb:27017/ http://metadata.google.internal/ http://printer.local/
    http://host.docker.internal/ http://kubernetes.default.svc/ http://10.0.0.1/ http://172.16.0.1/
    http://192.168.1.1/ http://169.254.169.254/latest/meta-data/ http://100.64.0.1/
    http://168.63.129.16/ http://192.0.0.192/ http://198.18.0.1/ http://224.0.0.1/
    http://255.255.255.255/ http://[::1]/ http://[::1]:PORT/ http://[::]/ http://[::]:PORT/
    http://[::ffff:127.0.0.1]/ http://[::ffff:7f00:1]:PORT/ http://[::127.0.0.1]/
    http://[0:0:0:0:0:ffff:127.0.0.1]/ http://[64:ff9b::7f00:1]/ http://[64:ff9b::127.0.0.1]/
    http://[2002:7f00:1::]/ http://[fe80::1%25lo]/ http://[fe80::1]/ http://[fec0::1]/
    http://[fd00:ec2::254]/ http://[2001:db8::1]/ http://user@127.0.0.1:PORT/
    http://user:secret@example.com/ http://example.com@127.0.0.1:PORT/ http://:x@example.com/
    http://127.0.0.1:PORT\@example.com/ http://example.com\@127.0.0.1:PORT/
    http://example.com:22/ http://example.com:6379/ http://example.com:0/ http://example.com:99999/
    http://example.com:-80/ http://example.com:8o/ ftp://127.0.0.1:PORT/ file:///etc/passwd
    gopher://127.0.0.1:PORT/_x data:image/png;base64,AAAA javascript:alert(1) //127.0.0.1:PORT/
    127.0.0.1:PORT http:127.0.0.1:PORT http:/127.0.0.1:PORT/ http:///127.0.0.1:PORT/ http:// http://?
    http://127%2e0.0.1:PORT/ http://127.0.0.1%00.example.com/ http://exa_mple.com/ http://-a.com/
    http://a..b/ http://.com/ http://[127.0.0.1]/ http://[::1/ http://::1/ http://127.0.0.1:PORT:80/
    unix:///var/run/docker.sock
"""
HOSTILE = HOSTILE_TABLE.split()

HOSTILE_CHARACTERS = [
    "",
    " ",
    " http://127.0.0.1/",
    "http://127.0.0.1 /",
    "http://example.com/\r\nHost: localhost",
    "http://127.0.0.1\t/",
    "http://127.0.0.1\x00.example.com/",
    "http://\uff11\uff12\uff17.0.0.1/",
    "http://\u2460\u2461\u2466.0.0.1/",
    "http://127\u30020\u30020\u30021/",
    "http://local\u00adhost/",
    "http://ex\u00e4mple.com/",
    "http://example.com/" + "a" * 2048,
]


class Origin:
    """A server on loopback that answers each path with a prepared answer, or with 404."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.heads: list[bytes] = []
        self.port = 0
        self.visits: set[asyncio.Task[None] | None] = set()

    def url(self, path: str) -> str:
        """The URL of a path of this server."""
        return f"http://127.0.0.1:{self.port}{path}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request and close."""
        self.visits.add(asyncio.current_task())
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            self.heads.append(head)
            path = head.split(b" ")[1].decode()
            await self.answers.get(path, respond(404))(writer)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def respond(status: int, body: bytes = b"", **headers: str) -> Answer:
    """An answer with a body and, unless given, an honest length."""
    lines = {"Content-Length": str(len(body))}
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value)

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 {status} Any\r\n{head}\r\n".encode() + body)
        await writer.drain()

    return answer


async def drip(writer: asyncio.StreamWriter) -> None:
    """One byte now and then, for ever: no timeout per read ever fires."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n")
    while not writer.is_closing():
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.05)


async def drip_head(writer: asyncio.StreamWriter) -> None:
    """A header that never ends."""
    writer.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not writer.is_closing():
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.05)


async def flood(writer: asyncio.StreamWriter) -> None:
    """A body without a length and without an end."""
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while not writer.is_closing():
        writer.write(b"x" * 65536)
        await writer.drain()


async def pad(writer: asyncio.StreamWriter) -> None:
    """A chunk extension without an end: much is received, and none of it is a body."""
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;")
    while not writer.is_closing():
        writer.write(b"x" * 65536)
        await writer.drain()


async def announce(writer: asyncio.StreamWriter) -> None:
    """Interim answers without an end."""
    while not writer.is_closing():
        writer.write(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 1000)
        await writer.drain()


@pytest.fixture
async def origin() -> AsyncIterator[Origin]:
    """A running server."""
    place = Origin()
    server = await asyncio.start_server(place.serve, "127.0.0.1", 0)
    place.port = server.sockets[0].getsockname()[1]
    yield place
    server.close()
    await asyncio.wait_for(asyncio.gather(*filter(None, place.visits)), timeout=5)


@pytest.fixture
async def fetcher() -> AsyncIterator[Fetcher]:
    """A fetcher that may reach 127.0.0.1, and no other loopback address."""
    async with Fetcher(limits=LIMITS, allowed_networks=LOOPBACK) as guarded:
        yield guarded


@pytest.fixture
def canaries() -> Iterator[list[socket.socket]]:
    """Listeners on loopback, on the web's ports too where the system lets us."""
    listeners = []
    for port in (0, 80, 443):
        with contextlib.suppress(OSError):
            listeners.append(socket.create_server(("127.0.0.1", port)))
    with contextlib.suppress(OSError):
        listeners.append(socket.create_server(("::1", 0), family=socket.AF_INET6))
    for listener in listeners:
        listener.setblocking(False)
    yield listeners
    for listener in listeners:
        listener.close()


def visits(canaries: list[socket.socket]) -> int:
    """How many connections wait at the canaries."""
    count = 0
    for canary in canaries:
        with contextlib.suppress(BlockingIOError):
            canary.accept()[0].close()
            count += 1
    return count


def answers(*addresses: str) -> Callable[..., list[tuple[Any, ...]]]:
    """A name server that gives every name the same addresses."""

    def look_up(_host: str, port: int, **_options: object) -> list[tuple[Any, ...]]:
        return [
            (
                socket.AF_INET6 if ":" in address else socket.AF_INET,
                socket.SOCK_STREAM,
                6,
                "",
                (address, port),
            )
            for address in addresses
        ]

    return look_up


def test_the_table_is_large_enough() -> None:
    """The table of hostile URLs does not shrink unnoticed."""
    assert len(HOSTILE) + len(HOSTILE_CHARACTERS) >= 100


async def test_hostile_urls_are_refused_without_any_connection(
    canaries: list[socket.socket],
) -> None:
    """Every hostile URL is refused with the same public code, and nothing on loopback hears us."""
    port = str(canaries[0].getsockname()[1])
    urls = [url.replace("PORT", port) for url in HOSTILE] + HOSTILE_CHARACTERS
    asked: list[str] = []

    def look_up(host: str, *_arguments: object, **_options: object) -> list[tuple[Any, ...]]:
        asked.append(host)
        raise AssertionError(host)

    async with Fetcher(look_up=look_up) as fetcher:
        for url in urls:
            with pytest.raises(FetchRefused) as caught:
                await fetcher.fetch(url)
            assert caught.value.code == "image_fetch_refused", url

    assert asked == []
    assert visits(canaries) == 0


@pytest.mark.parametrize(
    "addresses",
    [("127.0.0.1",), ("::1",), ("8.8.8.8", "127.0.0.1"), ("::ffff:127.0.0.1",), ("fe80::1%lo",)],
)
async def test_a_public_name_with_one_internal_address_is_refused(
    addresses: tuple[str, ...], canaries: list[socket.socket]
) -> None:
    """A name is used only if every one of its addresses is public."""
    async with Fetcher(limits=LIMITS, look_up=answers(*addresses)) as fetcher:
        with pytest.raises(FetchRefused):
            await fetcher.fetch("http://example.com/logo.png")

    assert visits(canaries) == 0


async def test_a_name_that_changes_its_mind_gains_nothing(canaries: list[socket.socket]) -> None:
    """Each fetch uses the addresses that were checked; a later answer is checked again."""
    turns = iter([answers("127.0.0.1"), answers("127.0.0.1")])

    def look_up(host: str, port: int, **options: object) -> list[tuple[Any, ...]]:
        return next(turns)(host, port, **options)

    async with Fetcher(limits=LIMITS, look_up=look_up) as fetcher:
        for _ in range(2):
            with pytest.raises(FetchRefused):
                await fetcher.fetch("http://example.com/logo.png")

    assert visits(canaries) == 0


async def test_an_internal_name_and_an_unknown_name_look_the_same() -> None:
    """The answer does not tell which internal names exist."""

    def unknown(*_arguments: object, **_options: object) -> list[tuple[Any, ...]]:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    outcomes = []
    for look_up in (answers("10.0.0.1"), unknown):
        async with Fetcher(limits=LIMITS, look_up=look_up) as fetcher:
            with pytest.raises(RefinementFailure) as caught:
                await fetcher.fetch("http://intern.example.com/")
        outcomes.append((caught.value.code, caught.value.message, caught.value.is_transient))

    assert outcomes[0] == outcomes[1]


async def test_a_picture_is_fetched_from_an_allowed_origin(
    origin: Origin, fetcher: Fetcher
) -> None:
    """The body comes back as it is, and the request gives nothing away."""
    origin.answers["/a%2Fb.png?x=%2F+1&y=%c3%a9"] = respond(200, b"picture")

    body = await fetcher.fetch(origin.url("/a%2Fb.png?x=%2F+1&y=%c3%a9#part"))

    head = origin.heads[0].lower()
    assert body == b"picture"
    assert b"accept-encoding: identity" in head
    assert b"cookie" not in head
    assert b"authorization" not in head


async def test_localhost_is_reachable_where_its_network_is_allowed(origin: Origin) -> None:
    """Development may use names, if they lead into an allowed network."""
    origin.answers["/logo.png"] = respond(200, b"picture")

    async with Fetcher(
        limits=LIMITS, allowed_networks=LOOPBACK, look_up=answers("127.0.0.1")
    ) as fetcher:
        body = await fetcher.fetch(f"http://localhost:{origin.port}/logo.png")

    assert body == b"picture"


async def test_redirects_are_followed_three_times_and_no_further(
    origin: Origin, fetcher: Fetcher
) -> None:
    """Three hops are usual, a fourth is refused."""
    for hop in range(4):
        origin.answers[f"/{hop}"] = respond(302, Location=f"/{hop + 1}")
    origin.answers["/4"] = respond(200, b"picture")

    assert await fetcher.fetch(origin.url("/1")) == b"picture"
    with pytest.raises(FetchRefused):
        await fetcher.fetch(origin.url("/0"))


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.2:PORT/",
        "http://[::1]:PORT/",
        "//127.0.0.2:PORT/",
        "http://169.254.169.254/latest/meta-data/",
        "http://user@127.0.0.1:PORT/",
        "file:///etc/passwd",
        "http://127.0.0.1:PORT\\@example.com/",
        "http://2130706433/",
        "http://127.0.0.1:99999/",
        "",
    ],
)
async def test_redirects_into_the_network_are_refused(
    location: str, origin: Origin, fetcher: Fetcher
) -> None:
    """A redirect goes through the same checks as the first URL."""
    with socket.create_server(("127.0.0.2", 0)) as canary:
        canary.setblocking(False)
        port = str(canary.getsockname()[1])
        origin.answers["/"] = respond(302, Location=location.replace("PORT", port))

        with pytest.raises(FetchRefused):
            await fetcher.fetch(origin.url("/"))

        assert visits([canary]) == 0


async def test_https_is_never_left_for_http() -> None:
    """A redirect does not move a fetch from an encrypted to an open connection."""
    async with Fetcher(limits=LIMITS) as fetcher:
        with pytest.raises(FetchRefused):
            fetcher._next_hop(URL("https://example.com/"), "http://example.com/logo.png")
        kept = fetcher._next_hop(URL("https://example.com/a/"), "../logo.png")

    assert kept == URL("https://example.com/logo.png")


@pytest.mark.parametrize("answer", [drip, drip_head])
async def test_a_slow_server_is_given_up_at_the_deadline(
    answer: Answer, origin: Origin, fetcher: Fetcher
) -> None:
    """One deadline covers the whole fetch, however steadily bytes arrive."""
    origin.answers["/"] = answer
    started = asyncio.get_running_loop().time()

    with pytest.raises(FetchFailed) as caught:
        await fetcher.fetch(origin.url("/"))

    assert caught.value.is_transient
    assert asyncio.get_running_loop().time() - started < 2 * LIMITS.timeout_s


@pytest.mark.parametrize(
    "answer",
    [
        flood,
        pad,
        announce,
        respond(200, Content_Length="1000000000000"),
        respond(200, b"x" * 100_001),
    ],
    ids=["endless", "padded", "announced", "declared", "received"],
)
async def test_a_body_over_the_limit_is_refused(
    answer: Answer, origin: Origin, fetcher: Fetcher
) -> None:
    """Neither a declared nor a received length beyond the limit is read to its end."""
    origin.answers["/"] = answer

    with pytest.raises(PictureRefused) as caught:
        await fetcher.fetch(origin.url("/"))

    assert caught.value.code == "image_too_large"


async def test_a_body_shorter_than_declared_is_a_passing_failure(
    origin: Origin, fetcher: Fetcher
) -> None:
    """Half a picture is never taken for a whole one."""
    origin.answers["/"] = respond(200, b"half", Content_Length="8")

    with pytest.raises(FetchFailed) as caught:
        await fetcher.fetch(origin.url("/"))

    assert caught.value.is_transient


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate, gzip"])
async def test_a_compressed_body_is_refused(
    encoding: str, origin: Origin, fetcher: Fetcher
) -> None:
    """We asked for identity, so anything else may be a bomb."""
    origin.answers["/"] = respond(200, b"\x1f\x8b", Content_Encoding=encoding)

    with pytest.raises(FetchRefused):
        await fetcher.fetch(origin.url("/"))


async def test_an_encoding_is_refused_wherever_it_is_named(
    origin: Origin, fetcher: Fetcher
) -> None:
    """Not only in the first header, and not only in the one for content."""
    origin.answers["/second"] = respond(200, Content_Encoding="identity\r\nContent-Encoding: gzip")
    origin.answers["/transfer"] = respond(200, Content_Length="", Transfer_Encoding="gzip, chunked")

    for path in ("/second", "/transfer"):
        with pytest.raises(FetchRefused):
            await fetcher.fetch(origin.url(path))


@pytest.mark.parametrize(
    ("status", "family", "is_transient"),
    [
        (404, OriginalMissing, False),
        (410, OriginalMissing, False),
        (401, FetchFailed, False),
        (403, FetchFailed, False),
        (204, FetchFailed, False),
        (429, FetchFailed, True),
        (500, FetchFailed, True),
        (503, FetchFailed, True),
    ],
)
async def test_statuses_are_told_apart(
    status: int,
    family: type[RefinementFailure],
    is_transient: bool,  # noqa: FBT001 - a column of the table
    origin: Origin,
    fetcher: Fetcher,
) -> None:
    """Only what may pass by itself is worth another attempt."""
    origin.answers["/"] = respond(status)

    with pytest.raises(family) as caught:
        await fetcher.fetch(origin.url("/"))

    assert caught.value.is_transient is is_transient


@pytest.mark.parametrize(
    "answer",
    [
        respond(200, b"x", **{f"X-{number}": "y" for number in range(20_000)}),
        respond(200, b"x", X_Long="y" * 100_000),
    ],
    ids=["many", "long"],
)
async def test_oversized_headers_fail_the_fetch(
    answer: Answer, origin: Origin, fetcher: Fetcher
) -> None:
    """Headers are bounded like bodies are."""
    origin.answers["/"] = answer

    with pytest.raises(FetchFailed):
        await fetcher.fetch(origin.url("/"))


async def test_a_closed_port_is_a_passing_failure(origin: Origin, fetcher: Fetcher) -> None:
    """A server that is down now may be up later, and its address stays out of the message."""
    with socket.create_server(("127.0.0.1", 0)) as closing:
        port = closing.getsockname()[1]

    with pytest.raises(FetchFailed) as caught:
        await fetcher.fetch(f"http://127.0.0.1:{port}/")

    assert origin.heads == []
    assert caught.value.is_transient
    assert str(port) not in caught.value.message + caught.value.reason
