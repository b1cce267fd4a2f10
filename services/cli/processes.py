"""`refinery api`, `worker`, `projector`, `provision`: each wires one process from its settings."""

import os
import socket
from collections.abc import Callable
from contextlib import AsyncExitStack
from importlib.metadata import version
from pathlib import Path
from typing import Final

import click
import uvloop

from projections.mongo import MongoViewStore, open_views
from services.adapters.jetstream import JetStreamConnection, JetStreamQueue
from services.adapters.jetstream_declared import verify_consumer, verify_stream
from services.adapters.jetstream_log import JetStreamLog
from services.adapters.jetstream_progress import JetStreamProgress
from services.adapters.s3 import S3ObjectStore
from services.api import process as api_process
from services.api.app import Dependencies
from services.api.feed import TaskFeed
from services.api.line import WaitingLine
from services.api.published_keys import open_keys
from services.cli.engines import make_offers
from services.cli.provisioning import provision_servers
from services.projector import process as projector_process
from services.refinement import process as refinement_process
from services.refinement.attempts import Attempts
from services.refinement.fetching import Fetcher, FetchLimits
from services.refinement.originals import Originals
from services.refinement.reactor import Reactor
from services.refinement.studio import Studios
from services.runtime.clock import RandomIdentifiers, Stamper, SystemClock
from services.runtime.environment import load
from services.runtime.lifecycle import (
    allow_open_files,
    quiet_the_collector,
    ready_file,
    stop_on_signals,
)
from services.runtime.logs import configure_logs
from services.runtime.retries import Backoff
from services.runtime.settings import (
    ApiSettings,
    FetchSettings,
    MongoSettings,
    NatsSettings,
    ProjectorSettings,
    ProvisionSettings,
    WorkerSettings,
)

# Of the API, besides its clients' connections: those to its servers, and what Python has open.
FILES_BESIDES: Final = 256

_Decorator = Callable[[Callable[..., None]], Callable[..., None]]
_READY_FILE: Final[_Decorator] = click.option(
    "--ready-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A file that exists while the process serves, for whoever waits for it.",
)


@click.command()
@_READY_FILE
def api(ready_file: Path | None) -> None:
    """Serve the HTTP API. Settings: docs/reference/settings.md."""
    settings = load(ApiSettings, os.environ)
    configure_logs(settings.log, service="api")
    uvloop.run(_serve_api(settings, ready_file))


@click.command()
@_READY_FILE
def worker(ready_file: Path | None) -> None:
    """Take requests, refine, record the results. Settings: docs/reference/settings.md."""
    settings = load(WorkerSettings, os.environ)
    configure_logs(settings.log, service="worker")
    uvloop.run(_serve_worker(settings, ready_file))


@click.command()
@_READY_FILE
def projector(ready_file: Path | None) -> None:
    """Keep the views up to date with the log. Settings: docs/reference/settings.md."""
    settings = load(ProjectorSettings, os.environ)
    configure_logs(settings.log, service="projector")
    uvloop.run(_serve_projector(settings, ready_file))


@click.command()
@click.option(
    "--replicas", type=click.IntRange(1, 5), default=1, show_default=True, help="Of the stream."
)
def provision(replicas: int) -> None:
    """Create the stream, the consumer and the indexes; idempotent. Needs administrators."""
    settings = load(ProvisionSettings, os.environ)
    configure_logs(settings.log, service="provision")
    uvloop.run(provision_servers(settings.nats, settings.mongo, replicas=replicas))
    click.echo("the stream, the consumer and the indexes are as declared")


async def _serve_api(settings: ApiSettings, ready: Path | None) -> None:
    allow_open_files(settings.http.connections_max + FILES_BESIDES)
    with stop_on_signals() as stop:
        async with AsyncExitStack() as stack:
            connection = await _connect(stack, settings.nats, name="api")
            await verify_stream(connection)
            views = await _open_views(stack, settings.mongo)
            store = await S3ObjectStore.open(settings.s3)
            stack.push_async_callback(store.close)
            log = JetStreamLog(connection)
            line = WaitingLine(views)
            dependencies = Dependencies(
                log=log,
                feed=TaskFeed(log=log, signals=JetStreamProgress(connection), line=line),
                line=line,
                views=views,
                store=store,
                stamper=_stamper("api"),
                keys=await stack.enter_async_context(open_keys(settings.auth)),
                settings=settings,
            )
            quiet_the_collector()
            stack.enter_context(ready_file(ready))
            await api_process.serve(dependencies, stop)


async def _serve_worker(settings: WorkerSettings, ready: Path | None) -> None:
    options = settings.refinement
    with stop_on_signals() as stop:
        async with AsyncExitStack() as stack:
            connection = await _connect(stack, settings.nats, name="worker")
            await verify_stream(connection)
            await verify_consumer(connection)
            store = await S3ObjectStore.open(settings.s3)
            stack.push_async_callback(store.close)
            fetcher = await stack.enter_async_context(_fetcher(settings.fetch))
            studios = await stack.enter_async_context(Studios(slots=options.slots))
            offers = make_offers(settings, studios=studios, download=fetcher)
            stack.push_async_callback(offers.close)
            stamper = _stamper("refinement")
            attempts = Attempts(
                store=store,
                originals=Originals(
                    store=store, download=fetcher, bytes_max=settings.fetch.bytes_max
                ),
                signals=JetStreamProgress(connection),
                store_timeout_s=options.store_timeout_s,
                new_concept_id=stamper.identifiers.event_id,
            )
            reactor = Reactor(
                log=JetStreamLog(connection),
                attempts=attempts,
                offers=offers,
                stamper=stamper,
                worker=f"{socket.gethostname()}:{os.getpid()}",
                attempts_max=options.attempts_max,
                backoff=Backoff(base_s=options.retry_base_s, max_s=options.retry_max_s),
            )
            quiet_the_collector()
            stack.enter_context(ready_file(ready))
            await refinement_process.serve(
                open_queue=lambda: JetStreamQueue(connection),
                reactor=reactor,
                slots=options.slots,
                drain_s=options.drain_s,
                stop=stop,
            )


async def _serve_projector(settings: ProjectorSettings, ready: Path | None) -> None:
    with stop_on_signals() as stop:
        async with AsyncExitStack() as stack:
            connection = await _connect(stack, settings.nats, name="projector")
            await verify_stream(connection)
            views = await _open_views(stack, settings.mongo)
            quiet_the_collector()
            stack.enter_context(ready_file(ready))
            await projector_process.serve(
                log=JetStreamLog(connection), store=views, settings=settings, stop=stop
            )


async def _connect(
    stack: AsyncExitStack, settings: NatsSettings, *, name: str
) -> JetStreamConnection:
    connection = await JetStreamConnection.open(settings, name=name)
    stack.push_async_callback(connection.close)
    return connection


async def _open_views(stack: AsyncExitStack, settings: MongoSettings) -> MongoViewStore:
    views = await open_views(url=settings.url.reveal(), database=settings.database)
    stack.push_async_callback(views.close)
    return views


def _stamper(service: str) -> Stamper:
    return Stamper(
        producer=f"{service}/{version('concept-refinery')}",
        clock=SystemClock(),
        identifiers=RandomIdentifiers(),
    )


def _fetcher(settings: FetchSettings) -> Fetcher:
    limits = FetchLimits(bytes_max=settings.bytes_max, timeout_s=settings.timeout_s)
    return Fetcher(limits=limits, allowed_networks=settings.networks)
