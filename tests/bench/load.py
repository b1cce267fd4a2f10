"""A small load generator: keep-alive connections that send prepared requests in turn."""

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import cast

import msgspec
import uvloop

ANSWER_TIMEOUT_S = 30.0


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a run: answers by status, seconds, and the latencies in milliseconds."""

    statuses: dict[str, int]
    seconds: float
    p50_ms: float
    p99_ms: float

    @property
    def accepts_per_s(self) -> float:
        """Answers with 202 per second."""
        return self.statuses.get("202", 0) / self.seconds


class Connection(asyncio.Protocol):
    """One connection: sends the next request as soon as an answer is complete."""

    def __init__(self, requests: Iterator[bytes], statuses: Counter[str], ms: list[float]) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._requests = requests
        self._statuses = statuses
        self._ms = ms
        self._received = b""
        self._sent_at = 0.0
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        # uvloop's transports are none by inheritance.
        self._transport = cast("asyncio.WriteTransport", transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        """Count a complete answer, send the next request."""
        self._received += data
        head, separator, body = self._received.partition(b"\r\n\r\n")
        if not separator:
            return
        _, _, after = head.lower().partition(b"content-length: ")
        if len(body) < int(after.partition(b"\r\n")[0] or 0):
            return
        self._received = b""
        self._statuses[head[9:12].decode()] += 1
        self._ms.append((perf_counter() - self._sent_at) * 1000)
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        """Say so: a run that loses a connection is void."""
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("the server closed the connection"))

    def _send(self) -> None:
        assert self._transport is not None
        request = next(self._requests, None)
        if request is None:
            self.done.set_result(None)
            self._transport.close()
            return
        self._sent_at = perf_counter()
        self._transport.write(request)


async def run(*, host: str, port: int, requests: list[bytes], connections: int) -> Report:
    """Send every request once, over so many connections."""
    statuses: Counter[str] = Counter()
    ms: list[float] = []
    remaining = iter(requests)
    loop = asyncio.get_running_loop()
    started = perf_counter()
    opened = [
        (await loop.create_connection(lambda: Connection(remaining, statuses, ms), host, port))[1]
        for _ in range(connections)
    ]
    async with asyncio.timeout(ANSWER_TIMEOUT_S + len(requests) / 50):
        await asyncio.gather(*(one.done for one in opened))
    seconds = perf_counter() - started
    ms.sort()
    return Report(
        statuses=dict(statuses),
        seconds=seconds,
        p50_ms=ms[len(ms) // 2],
        p99_ms=ms[len(ms) * 99 // 100],
    )


def main() -> None:
    """Read prepared requests from a msgpack file, send them, print the report as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--requests", type=Path, required=True)
    parser.add_argument("--connections", type=int, default=128)
    options = parser.parse_args()
    requests = msgspec.msgpack.decode(options.requests.read_bytes(), type=list[bytes])
    report = uvloop.run(
        run(
            host=options.host,
            port=options.port,
            requests=requests,
            connections=options.connections,
        )
    )
    sys.stdout.buffer.write(msgspec.json.encode(report))


if __name__ == "__main__":
    main()
