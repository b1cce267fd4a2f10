"""`make bench`: accepts per second beside a plain peer, and the time from request to view.

The stack is the embedded one with the null engine. A load generator in a process of its own keeps
128 connections busy; every request is another user's, all for one original in our bucket, so every
one is read, decided, appended with an expected position, and fsynced before its 202. The worker and
the projector work on the backlog meanwhile, on the same cores.

The peer is what one would write without a log: the same HTTP server, token check and validation,
and one journaled insert into the same MongoDB (`tests/bench/peer.py`).
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from time import perf_counter

import aiohttp
import msgspec
import uvloop
from rich.console import Console

from events.ids import user_key_of
from events.task import Status
from projections.mongo import open_views
from services.cli.stack import Stack, StackOptions
from services.cli.tokens import sign_token
from services.cli.uploads import upload
from services.embedded.leash import LeashedProcess
from services.embedded.ports import choose_ports
from tests.bench.load import Report

LIFE = timedelta(hours=1)
SAMPLE = Path(__file__).parents[2] / "services" / "cli" / "sample" / "coffee-logo.png"
VIEW_DEADLINE_S = 20.0
PEER_DEADLINE_S = 20.0

console = Console(soft_wrap=True, highlight=False)


def token(stack: Stack, user: str) -> str:
    """A user's token."""
    return sign_token(user, secret=stack.servers.credentials.jwt_secret, life=LIFE)


def prepared(stack: Stack, url: str, *, count: int, series: str) -> list[bytes]:
    """Raw HTTP requests, each of another user."""
    body = msgspec.json.encode(
        {"original_image_url": url, "refinement_prompt": "lighter shades of brown, minimalist"}
    )
    return [
        b"POST /api/concepts/refine HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
        b"Authorization: Bearer %b\r\nContent-Length: %d\r\n\r\n%b"
        % (token(stack, f"{series}-{number}").encode(), len(body), body)
        for number in range(count)
    ]


async def load(requests: list[bytes], *, port: int, connections: int) -> Report:
    """Run the load generator in its own process."""
    with tempfile.NamedTemporaryFile(suffix=".msgpack") as file:
        file.write(msgspec.msgpack.encode(requests))
        file.flush()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.bench.load", "--port", str(port)),
            *("--requests", file.name, "--connections", str(connections)),
            stdout=asyncio.subprocess.PIPE,
        )
        output, _ = await process.communicate()
    return msgspec.json.decode(output, type=Report)


def show(name: str, report: Report) -> None:
    """One line of a report."""
    console.print(
        f"{name:36} {report.accepts_per_s:7.0f} accepts/s   p50 {report.p50_ms:6.1f} ms   "
        f"p99 {report.p99_ms:6.1f} ms   {report.statuses}"
    )


async def time_to_view(stack: Stack, url: str, *, count: int) -> list[float]:
    """Milliseconds from the request to the completed view in MongoDB, one task at a time."""
    spans: list[float] = []
    request = {"original_image_url": url, "refinement_prompt": "lighter shades of brown"}
    addresses, secret = stack.servers.addresses, stack.servers.credentials.user_key_secret
    views = await open_views(url=addresses.mongo_api_url, database=addresses.mongo_database)
    async with aiohttp.ClientSession() as session:
        for number in range(count):
            user = f"idle-{number}"
            user_key = user_key_of(user, secret=secret.encode())
            headers = {"Authorization": f"Bearer {token(stack, user)}"}
            started = perf_counter()
            async with session.post(
                f"{stack.api}/api/concepts/refine", json=request, headers=headers
            ) as answer:
                task_id = (await answer.json())["task_id"]
            while perf_counter() - started < VIEW_DEADLINE_S:
                view = await views.find(user_key=user_key, task_id=task_id)
                if view is not None and view.status is Status.COMPLETED:
                    break
            spans.append((perf_counter() - started) * 1000)
    await views.close()
    return spans


async def start_peer(stack: Stack, *, data: Path, port: int) -> LeashedProcess:
    """Start the peer on the same MongoDB."""
    peer = await LeashedProcess.start(
        name="peer",
        command=(sys.executable, "-m", "tests.bench.peer"),
        environment={
            "PATH": os.environ["PATH"],
            "PEER_PORT": str(port),
            "PEER_MONGO_URL": stack.servers.addresses.mongo_projector_url,
            "PEER_JWT_SECRET": stack.servers.credentials.jwt_secret,
        },
        log=data / "logs" / "peer.log",
    )
    deadline = perf_counter() + PEER_DEADLINE_S
    async with aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(f"http://127.0.0.1:{port}/live"):
                    return peer
            except aiohttp.ClientError:
                assert perf_counter() < deadline, peer.log_tail()
                await asyncio.sleep(0.05)


async def bench(*, count: int, connections: int, rounds: int) -> None:
    """Run the rounds, the peer's and then ours, and print what came of them."""
    with tempfile.TemporaryDirectory(prefix="refinery-bench-") as folder:
        data = Path(folder)
        options = StackOptions(data=data, port=0, engine="null", environment=dict(os.environ))
        stack = await Stack.start(options, tell=lambda line: console.print(f"[dim]{line}[/dim]"))
        peer: LeashedProcess | None = None
        try:
            url = await upload(SAMPLE, stack.s3_settings())
            spans = sorted(await time_to_view(stack, url, count=100))
            console.print(
                f"{'request to completed view, idle':36} p50 {statistics.median(spans):.1f} ms   "
                f"p95 {spans[94]:.1f} ms   (100 tasks, one after the other)"
            )
            peer_port = choose_ports(data, ["peer"])["peer"]
            peer = await start_peer(stack, data=data, port=peer_port)
            # All of the peer's rounds first: ours leave a backlog that works on for a while.
            accepts: dict[str, list[float]] = {}
            for name, port in (("peer, one insert", peer_port), ("concept refinery", stack.port)):
                for number in range(1, rounds + 1):
                    requests = prepared(stack, url, count=count, series=f"{name}-{number}")
                    report = await load(requests, port=port, connections=connections)
                    show(f"{name}, round {number}", report)
                    accepts.setdefault(name, []).append(report.accepts_per_s)
            theirs, ours = (statistics.median(rates) for rates in accepts.values())
            console.print(
                f"medians: {ours:.0f} accepts/s, the peer {theirs:.0f}; ratio {ours / theirs:.2f}"
            )
        finally:
            if peer is not None:
                await peer.stop()
            await stack.stop()


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description="Measure the service on this machine.")
    parser.add_argument("--count", type=int, default=10_000, help="requests in a round")
    parser.add_argument("--connections", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    uvloop.run(bench(count=options.count, connections=options.connections, rounds=options.rounds))


main()
