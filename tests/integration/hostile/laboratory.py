"""Runs the fetcher among hostile servers in a network of its own, and reports what happened.

A program, started by the test beside it: `python -m tests.integration.hostile.laboratory FOLDER`.
The report is JSON on standard output. A machine that cannot make namespaces ends it with
`CANNOT_ISOLATE` and the reason on standard error.
"""

import asyncio
import gc
import resource
import ssl
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

import msgspec

from services.refinement.failures import RefinementFailure
from services.refinement.fetching import Fetcher, FetchLimits
from tests.integration.hostile import namespace
from tests.integration.hostile.name_server import NameServer
from tests.integration.hostile.origin import ANSWERS, Origin
from tests.integration.hostile.urls import (
    CANARY_ADDRESSES,
    CANARY_PORTS,
    CLOSED_PORTS,
    GOOD_URLS,
    HOSTILE_URLS,
    NAMES,
    ORIGIN,
    ORIGIN_IPV6,
)

CANNOT_ISOLATE: Final = 77
CERTIFICATE: Final = "certificate.pem"
KEY: Final = "key.pem"
LIMITS: Final = FetchLimits(bytes_max=1_000_000, timeout_s=2.5)
WELL_SERVED: Final = frozenset({"/logo.png", "/a%2Fb.png"})
TLS_URLS: Final = {
    "good": "https://shop.example/logo.png",
    "wrong name": "https://other.example/logo.png",
    "downgrade": "https://shop.example/302?http://shop.example/logo.png",
    "kept": "https://shop.example/302?/logo.png",
    "inside": "https://shop.example/302?https://127.0.0.1/",
}
_PUBLIC: Final = (ORIGIN, ORIGIN_IPV6)
_KIB: Final = 1024


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one URL: the body or the code, and whom we called on the way."""

    url: str
    body: bytes | None
    code: str | None
    reason: str | None
    elapsed_s: float
    connected: list[tuple[str, int]]
    canaries: list[tuple[str, int]]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that happened; `sent` in bytes by path of the origin.

    `control` are the canaries that did not hear a call on purpose, `canaries` all that were called
    later.
    """

    control: list[tuple[str, int]]
    canaries: list[tuple[str, int]]
    hostile: list[Outcome]
    good: list[Outcome]
    resources: dict[str, Outcome]
    tls: dict[str, Outcome]
    sent: dict[str, int]
    heads: list[str]
    memory_growth_bytes: int


class Laboratory:
    """The servers, and a record of every connection that this process tried or got."""

    def __init__(self) -> None:
        self.origin = Origin()
        self._is_called = asyncio.Condition()
        self.canaries: list[tuple[str, int]] = []
        self.connected: list[tuple[str, int]] = []
        sys.addaudithook(self._notice)

    async def start(self, folder: Path) -> None:
        """Listen everywhere."""
        loop = asyncio.get_running_loop()
        _ = await loop.create_datagram_endpoint(
            lambda: NameServer(NAMES), local_addr=("127.0.0.1", 53)
        )
        certificate = folder / CERTIFICATE
        context = None
        if certificate.exists():
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, folder / KEY)
        for address in _PUBLIC:
            _ = await asyncio.start_server(self.origin.serve, address, 80)
            if context is not None:
                _ = await asyncio.start_server(self.origin.serve, address, 443, ssl=context)
        for address in CANARY_ADDRESSES:
            for port in CANARY_PORTS:
                await self._watch(address, port)
        for address in _PUBLIC:
            for port in CLOSED_PORTS:
                await self._watch(address, port)

    async def fetch(self, fetcher: Fetcher, url: str) -> Outcome:
        """Fetch a URL, and say what happened meanwhile."""
        clock = asyncio.get_running_loop()
        connected, canaries, started = len(self.connected), len(self.canaries), clock.time()
        body, code, reason = None, None, None
        try:
            body = await fetcher.fetch(url)
        except RefinementFailure as failure:
            code, reason = failure.code, failure.reason
        elapsed_s = clock.time() - started
        # A connection that was made is accepted in the turn after this one.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return Outcome(
            url=url,
            body=body,
            code=code,
            reason=reason,
            elapsed_s=elapsed_s,
            connected=self.connected[connected:],
            canaries=self.canaries[canaries:],
        )

    async def control(self) -> list[tuple[str, int]]:
        """Call every canary on purpose; return those that did not notice."""
        called = [(address, port) for address in CANARY_ADDRESSES for port in CANARY_PORTS]
        for address, port in called:
            _, writer = await asyncio.open_connection(address, port)
            writer.close()
            await writer.wait_closed()
        async with asyncio.timeout(5), self._is_called:
            _ = await self._is_called.wait_for(lambda: len(self.canaries) >= len(called))
        silent = sorted(set(called) - set(self.canaries))
        self.canaries.clear()
        self.connected.clear()
        return silent

    async def _watch(self, address: str, port: int) -> None:
        place = (str(ip_address(address)), port)
        _ = await asyncio.start_server(partial(self._sing, place), address, port)

    async def _sing(
        self, place: tuple[str, int], _: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.canaries.append(place)
        writer.close()
        async with self._is_called:
            self._is_called.notify_all()

    def _notice(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Hear of every `connect`, also of those that nobody answers."""
        if event == "socket.connect" and isinstance(arguments[1], tuple):
            address, port = arguments[1][:2]
            self.connected.append((str(address), int(port)))


async def experiment(folder: Path) -> Report:
    """Fetch everything."""
    laboratory = Laboratory()
    await laboratory.start(folder)
    silent = await laboratory.control()
    async with Fetcher(limits=LIMITS) as fetcher:
        fetch = partial(laboratory.fetch, fetcher)
        good = [await fetch(url) for url in GOOD_URLS]
        hostile = [await fetch(case.url) for case in HOSTILE_URLS]
        tls = {name: await fetch(url) for name, url in TLS_URLS.items()}
        gc.collect()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        resources = await _exhaust(fetch)
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return Report(
        control=silent,
        canaries=laboratory.canaries,
        hostile=hostile,
        good=good,
        resources=resources,
        tls=tls,
        sent=dict(laboratory.origin.sent),
        heads=laboratory.origin.heads,
        memory_growth_bytes=(after - before) * _KIB,
    )


async def _exhaust(fetch: Callable[[str], Awaitable[Outcome]]) -> dict[str, Outcome]:
    """Fetch what is slow at once, and the rest one after another."""
    paths = [path for path in ANSWERS if path not in WELL_SERVED]
    slow = [path for path in paths if path.startswith(("/slow", "/silent", "/held"))]
    outcomes = await asyncio.gather(*(fetch(f"http://shop.example{path}") for path in slow))
    report = dict(zip(slow, outcomes, strict=True))
    for path in paths:
        if path not in report:
            report[path] = await fetch(f"http://shop.example{path}")
    return report


def main() -> None:
    """Isolate, experiment, report."""
    folder = Path(sys.argv[1])
    try:
        namespace.enter((*_PUBLIC, *CANARY_ADDRESSES), folder)
    except OSError as error:
        print(error, file=sys.stderr)  # noqa: T201 - what the test says why it was skipped
        sys.exit(CANNOT_ISOLATE)
    report = asyncio.run(experiment(folder))
    sys.stdout.buffer.write(msgspec.json.encode(report))


if __name__ == "__main__":
    main()
