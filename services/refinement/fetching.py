"""Fetches the picture behind a user's URL, without becoming a door into our network.

A URL is parsed once, and the object that was checked is the object that is requested. Every address
is checked twice: when a name is resolved, and again when a socket is made for it, because aiohttp
does not ask the resolver about address literals. What a server sends is counted twice: as a body,
and as it comes from the network, because headers and framing can be endless too.
"""

import asyncio
import re
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from functools import partial
from http import HTTPStatus
from types import TracebackType
from typing import Any, Final, Self, TypeAlias

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_proto import ResponseHandler
from typing_extensions import override
from yarl import URL

from services.refinement.failures import (
    FetchFailed,
    FetchRefused,
    OriginalMissing,
    PictureRefused,
    RefinementFailure,
)
from services.refinement.progress import Moved, unmoved
from services.runtime.addresses import AddressRule, Network, parse_address

LookUp: TypeAlias = Callable[..., list[tuple[Any, ...]]]

_LOOK_UP_THREADS: Final = 8
_CONNECTIONS_MAX: Final = 16
_CHUNK_BYTES: Final = 64 * 1024
# Headers, chunk sizes and the bodies of redirects: honest servers need a few kilobytes.
_OVERHEAD_BYTES_MAX: Final = 1024 * 1024
# One printable ASCII character after another, no space and no backslash: callers send punycode.
_URL: Final = re.compile(r"https?://[!-\[\]-~]+", re.IGNORECASE)
_LOCATION: Final = re.compile(r"[!-\[\]-~]+")
_HEADERS: Final = {
    "Accept": "image/png, image/jpeg, image/webp",
    "Accept-Encoding": "identity",
    "User-Agent": "concept-refinery",
}
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_MISSING: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
_PASSING: Final = frozenset(
    {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
)


class FetchLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What one fetch may cost; `timeout_s` covers everything, redirects and DNS included."""

    bytes_max: int = 20 * 1024 * 1024
    timeout_s: float = 20.0
    redirects_max: int = 3
    url_length_max: int = 2048


class Fetcher:
    """Downloads pictures from public addresses, and from `allowed_networks` on any port.

    `look_up` answers like `socket.getaddrinfo` and runs on threads of its own, so that a name
    server that does not answer holds up nothing but fetches.
    """

    def __init__(
        self,
        *,
        limits: FetchLimits | None = None,
        allowed_networks: tuple[Network, ...] = (),
        look_up: LookUp = socket.getaddrinfo,
    ) -> None:
        self._limits = limits or FetchLimits()
        self._rule = AddressRule(allowed_networks=allowed_networks)
        self._resolver = _CheckingResolver(self._rule, look_up)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close connections and look-up threads; fetches under way fail."""
        if self._session is not None:
            await self._session.close()
        await self._resolver.close()

    async def fetch(self, url: str, *, moved: Moved = unmoved) -> bytes:
        """Return the body behind `url`, whatever it is; its content is not looked at.

        Raises:
            FetchRefused: the URL, a redirect or an address is not one we contact.
            OriginalMissing: the server says there is nothing there.
            PictureRefused: the body is larger than the limit.
            FetchFailed: anything else went wrong; `is_transient` tells whether to try again.
        """
        meter = _Meter(bytes_max=self._limits.bytes_max + _OVERHEAD_BYTES_MAX)
        token = _METER.set(meter)
        try:
            async with asyncio.timeout(self._limits.timeout_s):
                body = await self._follow(self._admit(url), moved)
        except TimeoutError as error:
            raise FetchFailed(reason="timeout", is_transient=True) from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            meter.check(cause=error)
            raise _classify(error) from error
        finally:
            _METER.reset(token)
        # A body that ends with its connection looks whole when we were the ones to end it.
        meter.check()
        return body

    def _admit(self, text: str, *, base: URL | None = None) -> URL:
        pattern = _URL if base is None else _LOCATION
        if len(text) > self._limits.url_length_max or pattern.fullmatch(text) is None:
            raise FetchRefused(reason="url malformed")
        try:
            # Kept as it was written: a server may have signed exactly these characters.
            url = URL(text, encoded=True)
            return self._admit_parsed(url if base is None else base.join(url))
        except ValueError as error:
            raise FetchRefused(reason="url malformed") from error

    def _admit_parsed(self, url: URL) -> URL:
        if url.scheme not in {"http", "https"} or not url.host or not url.port:
            raise FetchRefused(reason="url without http(s) host and port")
        if url.raw_user is not None or url.raw_password is not None:
            raise FetchRefused(reason="credentials in the url")
        if not self._rule.may_permit(url.host, port=url.port):
            raise FetchRefused(reason="host or port not permitted")
        return url.with_fragment(None)

    def _next_hop(self, current: URL, location: str) -> URL:
        target = self._admit(location, base=current)
        if current.scheme == "https" and target.scheme != "https":
            raise FetchRefused(reason="redirect from https to http")
        return target

    async def _follow(self, url: URL, moved: Moved) -> bytes:
        for _ in range(self._limits.redirects_max + 1):
            async with self._open_session().get(url, allow_redirects=False) as response:
                if response.status not in _REDIRECTS:
                    return await self._read(response, moved)
                url = self._next_hop(url, response.headers.get("Location", ""))
        raise FetchRefused(reason="too many redirects")

    async def _read(self, response: aiohttp.ClientResponse, moved: Moved) -> bytes:
        _check_status(response.status)
        if _codings(response, "Content-Encoding") - {"identity"}:
            raise FetchRefused(reason="content encoding not asked for")
        if _codings(response, "Transfer-Encoding") - {"chunked"}:
            raise FetchRefused(reason="transfer encoding not asked for")
        if (response.content_length or 0) > self._limits.bytes_max:
            raise PictureRefused(code="image_too_large", reason="declared length")
        body = bytearray()
        async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
            body += chunk
            if len(body) > self._limits.bytes_max:
                raise PictureRefused(code="image_too_large", reason="received length")
            if response.content_length:
                await moved(len(body) / response.content_length)
        return bytes(body)

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            # Made here and not in the constructor because aiohttp asks for a running loop.
            self._session = aiohttp.ClientSession(
                connector=_MeteringConnector(
                    resolver=self._resolver,
                    socket_factory=self._make_socket,
                    use_dns_cache=False,
                    force_close=True,
                    limit=_CONNECTIONS_MAX,
                ),
                headers=_HEADERS,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),
                trust_env=False,
                auto_decompress=False,
            )
        return self._session

    def _make_socket(self, connection: aiohttp.AddrInfoType) -> socket.socket:
        family, kind, protocol, _, target = connection
        address = parse_address(str(target[0]))
        if address is None or not self._rule.permits(address, port=int(target[1])):
            raise _AddressRefused
        return socket.socket(family, kind, protocol)


class _Meter:
    """Counts what one fetch reads from the network, over all its connections."""

    def __init__(self, *, bytes_max: int) -> None:
        self._bytes_left = bytes_max

    @property
    def is_overrun(self) -> bool:
        """Whether more was read than may be."""
        return self._bytes_left < 0

    def count(self, received: int) -> None:
        """Take bytes into account."""
        self._bytes_left -= received

    def check(self, *, cause: Exception | None = None) -> None:
        """Raise PictureRefused once too much was read."""
        if self.is_overrun:
            raise PictureRefused(code="image_too_large", reason="bytes on the network") from cause


# Connections are made deep inside aiohttp, in the context of the fetch that needs them.
_METER: Final[ContextVar[_Meter]] = ContextVar("fetch_meter")


class _MeteredConnection(ResponseHandler):
    """A connection that ends itself when its fetch has read too much."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._meter = _METER.get()

    @override
    def data_received(self, data: bytes) -> None:
        self._meter.count(len(data))
        if not self._meter.is_overrun:
            super().data_received(data)
        elif self.transport is not None:
            self.set_exception(aiohttp.ClientPayloadError())
            self.transport.abort()


class _MeteringConnector(aiohttp.TCPConnector):
    """Makes connections that are metered."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        # No public seam sees bytes before aiohttp has taken headers and framing off them.
        kind: type[ResponseHandler] = _MeteredConnection
        self._factory = partial(kind, loop=self._loop)


class _CheckingResolver(AbstractResolver):
    """Resolves names; one address that is not permitted refuses the whole name."""

    def __init__(self, rule: AddressRule, look_up: LookUp) -> None:
        self._rule = rule
        self._look_up = look_up
        self._threads = ThreadPoolExecutor(_LOOK_UP_THREADS, thread_name_prefix="look-up")

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        ask = partial(self._look_up, host, port, family=family, type=socket.SOCK_STREAM)
        answers = await asyncio.get_running_loop().run_in_executor(self._threads, ask)
        return [
            self._checked(host, port, answer[0], answer[2], str(answer[4][0])) for answer in answers
        ]

    @override
    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _checked(
        self, host: str, port: int, family: int, protocol: int, text: str
    ) -> ResolveResult:
        address = parse_address(text)
        if address is None or not self._rule.permits(address, port=port, host=host):
            raise FetchRefused(reason="name leads to an address not permitted")
        return ResolveResult(
            hostname=host,
            host=text,
            port=port,
            family=family,
            proto=protocol,
            flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
        )


class _AddressRefused(OSError):
    """Raised inside aiohttp, which passes an `OSError` on without opening a connection."""


def _codings(response: aiohttp.ClientResponse, header: str) -> set[str]:
    """All that is named in a header, however often it is there."""
    named = ",".join(response.headers.getall(header, ())).lower().split(",")
    return {coding.strip() for coding in named} - {""}


def _check_status(status: int) -> None:
    if status == HTTPStatus.OK:
        return
    if status in _MISSING:
        raise OriginalMissing(reason=f"status {status}")
    is_transient = status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _PASSING
    raise FetchFailed(reason=f"status {status}", is_transient=is_transient)


def _classify(error: Exception) -> RefinementFailure:
    """Name a failure of the network without repeating what the library says about it."""
    kind = type(error).__name__
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        # A name that does not exist looks like one that is refused: no oracle for internal names.
        if getattr(error.os_error, "errno", None) == socket.EAI_AGAIN:
            return FetchFailed(reason="name server did not answer", is_transient=True)
        return FetchRefused(reason="name not found")
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(
        error.os_error, _AddressRefused
    ):
        return FetchRefused(reason="address not permitted")
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.InvalidURL):
        return FetchFailed(reason=kind, is_transient=False)
    if isinstance(error, aiohttp.ClientResponseError):
        # The answer is not HTTP as aiohttp knows it, headers over its limits among it.
        return FetchFailed(reason=kind, is_transient=False)
    return FetchFailed(reason=kind, is_transient=isinstance(error, aiohttp.ClientError | OSError))
