"""The route that lists a user's tasks."""

import asyncio
from typing import Final

from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse

from services.api.admissions import InvalidRequest
from services.api.bodies import TaskBodies
from services.api.list_requests import read_list_request
from services.api.listing import TaskListing
from services.api.requests import AuthenticatedRequest

_ROUTE: Final = "/api/tasks"


def task_list_route(*, listing: TaskListing, bodies: TaskBodies) -> HTTPRouteHandler:
    """`GET /api/tasks`: a bare array of task bodies, with a `Link` to the page behind it."""

    @get(_ROUTE)
    async def list_tasks(request: AuthenticatedRequest) -> ASGIResponse:
        read = read_list_request(request.scope["query_string"])
        if isinstance(read, tuple):
            raise InvalidRequest(read)
        page = await listing.page(read, user_key=request.user.user_key)
        written: list[bytes] = []
        for task in page.tasks:
            written.append(await bodies.encode(task))
            # Signing computes and waits for nobody: others' requests would wait for all of it.
            await asyncio.sleep(0)
        # The bodies hold signed URLs: whoever has one can read the picture.
        headers = {"Cache-Control": "no-store"}
        if page.has_more:
            headers["Link"] = f'<{_ROUTE}?{read.query_behind(page.tasks[-1])}>; rel="next"'
        return ASGIResponse(body=b"[" + b",".join(written) + b"]", headers=headers)

    return list_tasks
