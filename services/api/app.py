"""The composition of the API: dependencies in, an ASGI application out."""

from datetime import timedelta
from functools import partial
from importlib.metadata import version
from typing import Final

import msgspec
from litestar import Litestar, Router

from events.admission import Policy
from events.log import EventLog
from projections.store import TaskViews
from services.adapters.storage import ObjectStore
from services.api.admissions import Admissions
from services.api.auth import TokenVerifier, bearer_authentication
from services.api.bodies import TaskBodies
from services.api.concepts import refine_route
from services.api.cors import across_origins
from services.api.edge import BODY_TIMEOUT_S, Edge
from services.api.event_streams import EventStreams
from services.api.feed import TaskFeed
from services.api.health import health_routes
from services.api.history import history_route
from services.api.image_addresses import ImageAddresses
from services.api.line import WaitingLine
from services.api.listing import TaskListing
from services.api.methods import answering_options
from services.api.problems import answer_error
from services.api.rate_limits import rate_limit_routes
from services.api.refinement_requests import read_request
from services.api.schema import schema_routes
from services.api.seats import Seats
from services.api.signing_keys import Keys
from services.api.stages import Stages
from services.api.task_list import task_list_route
from services.api.task_reader import TaskReader
from services.api.tasks import task_route, withdrawal_routes
from services.api.waits import TaskWaits
from services.api.withdrawals import Withdrawals
from services.runtime.addresses import AddressRule
from services.runtime.clock import Stamper
from services.runtime.settings import ApiSettings

BODY_BYTES_MAX: Final = 64 * 1024
_DISTRIBUTION: Final = "concept-refinery"


class Dependencies(msgspec.Struct, frozen=True, kw_only=True):
    """What the API is made of; opened and closed by whoever makes it.

    `feed` must be running: requests that wait are woken by it.
    """

    log: EventLog
    feed: TaskFeed
    line: WaitingLine
    views: TaskViews
    store: ObjectStore
    stamper: Stamper
    keys: Keys
    settings: ApiSettings


def create_app(dependencies: Dependencies, *, body_timeout_s: float = BODY_TIMEOUT_S) -> Litestar:
    """The API over these dependencies. It neither opens nor closes anything."""
    log, store, settings = dependencies.log, dependencies.store, dependencies.settings
    service_version = version(_DISTRIBUTION)
    clock = dependencies.stamper.clock
    stages = Stages(signals=dependencies.feed, line=dependencies.line)
    bodies = TaskBodies(
        store=store, stages=stages, clock=clock, url_expires_s=settings.s3.url_expires_s
    )
    policy = Policy(
        quota_limit=settings.quota.limit,
        task_deadline=timedelta(seconds=settings.task.deadline_s),
    )
    admissions = Admissions(log=log, store=store, stamper=dependencies.stamper, policy=policy)
    addresses = ImageAddresses(
        store=store, rule=AddressRule(allowed_networks=settings.fetch.networks)
    )
    verifier = TokenVerifier(
        keys=dependencies.keys,
        auth=settings.auth,
        user=settings.user,
        clock=dependencies.stamper.clock,
    )
    reader = TaskReader(log=log, views=dependencies.views)
    seats = Seats(total=settings.http.waiting_max)
    waits = TaskWaits(reader=reader, feed=dependencies.feed, seats=seats)
    streams = EventStreams(log=log, feed=dependencies.feed, line=dependencies.line, seats=seats)
    signed_in = Router(
        "/",
        route_handlers=[
            refine_route(
                admissions=admissions,
                bodies=bodies,
                waits=waits,
                read_body=partial(
                    read_request,
                    engines=settings.refinement.engines_on_request,
                    may_fetch=addresses.may_fetch,
                ),
            ),
            task_route(reader=reader, bodies=bodies, waits=waits),
            task_list_route(listing=TaskListing(log=log, views=dependencies.views), bodies=bodies),
            *withdrawal_routes(
                withdrawals=Withdrawals(log=log, stamper=dependencies.stamper),
                bodies=bodies,
                admissions=admissions,
            ),
            history_route(log=log, streams=streams),
            *rate_limit_routes(admissions=admissions),
        ],
        middleware=[bearer_authentication(verifier)],
    )
    health = health_routes(log=log, views=dependencies.views, store=store, version=service_version)
    schema = schema_routes(version=service_version, engines=settings.refinement.engines_on_request)
    application = Litestar(
        route_handlers=[signed_in, *health, *schema],
        exception_handlers={Exception: answer_error},
        # Described by hand: see `services.api.openapi`.
        openapi_config=None,
        request_max_body_size=BODY_BYTES_MAX,
        # Requests are logged by `Edge`, errors by `answer_error`.
        logging_config=None,
        debug=False,
    )
    # Around the application rather than in its middleware, which unknown addresses never reach.
    answered = answering_options(application.asgi_handler, application=application)
    reachable = across_origins(answered, origins=settings.http.origins)
    application.asgi_handler = Edge(reachable, body_timeout_s=body_timeout_s)
    return application
