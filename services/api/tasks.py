"""The routes of one task: its owner reads it, waits for it, cancels it, removes it."""

from typing import Final

from litestar import Response, delete, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from events.log import LogUnavailable
from services.api.admissions import Admissions
from services.api.bodies import TaskBodies
from services.api.edge import facts_of
from services.api.preferences import wait_of
from services.api.requests import AuthenticatedRequest, header_values
from services.api.task_reader import TaskReader
from services.api.waits import TaskWaits, Waited
from services.api.withdrawals import TaskEnded, Withdrawals

POLL_AFTER_S: Final = 2


def task_route(*, reader: TaskReader, bodies: TaskBodies, waits: TaskWaits) -> HTTPRouteHandler:
    """`GET /api/tasks/{id}`, also under the address that the first clients use."""

    @get(
        ["/api/tasks/{task_id:str}", "/api/concepts/task/{task_id:str}"],
    )
    async def show_task(request: AuthenticatedRequest, task_id: FromPath[str]) -> ASGIResponse:
        scope = request.scope
        task = await reader.find(task_id, user_key=request.user.user_key)
        facts_of(scope).task_id = task.task_id
        known = header_values(scope, b"if-none-match")
        # The body holds a signed URL: whoever has it can read the picture.
        headers = {"Cache-Control": "no-store"}
        wait_s = wait_of(header_values(scope, b"prefer"))
        if wait_s is not None:
            waited = Waited(task=task)
            if not bodies.tag_of(task).is_news_to(known):
                waited = await waits.until_moved(task, wait_s=wait_s, receive=request.receive)
            task = waited.task
            if waited.is_heeded:
                headers["Preference-Applied"] = f"wait={wait_s}"
        tag = bodies.tag_of(task)
        headers["ETag"] = tag.header()
        if task.status.is_active:
            headers["Retry-After"] = str(POLL_AFTER_S)
        if tag.is_in(known):
            return ASGIResponse(status_code=304, headers=headers)
        return ASGIResponse(body=await bodies.encode(task), headers=headers)

    return show_task


def withdrawal_routes(
    *, withdrawals: Withdrawals, bodies: TaskBodies, admissions: Admissions
) -> list[HTTPRouteHandler]:
    """`POST /api/tasks/{id}/cancel` and `DELETE /api/tasks/{id}`."""

    @post(
        "/api/tasks/{task_id:str}/cancel",
        status_code=200,
    )
    async def cancel_task(request: AuthenticatedRequest, task_id: FromPath[str]) -> ASGIResponse:
        status_code = 200
        try:
            task = await withdrawals.cancel(task_id, owner=request.user)
        except TaskEnded as ended:
            task, status_code = ended.task, 409
        facts_of(request.scope).task_id = task.task_id
        headers = {"Cache-Control": "no-store", "ETag": bodies.tag_of(task).header()}
        headers |= await _quota_after(request, admissions)
        body = await bodies.encode(task)
        return ASGIResponse(body=body, status_code=status_code, headers=headers)

    @delete(
        "/api/tasks/{task_id:str}",
        status_code=204,
    )
    async def remove_task(request: AuthenticatedRequest, task_id: FromPath[str]) -> Response[None]:
        task = await withdrawals.remove(task_id, owner=request.user)
        facts_of(request.scope).task_id = task.task_id
        headers = {"Cache-Control": "no-store"} | await _quota_after(request, admissions)
        # A handler that answers 204 may not return an answer of its own making.
        return Response(None, status_code=204, headers=headers)

    return [cancel_task, remove_task]


async def _quota_after(request: AuthenticatedRequest, admissions: Admissions) -> dict[str, str]:
    """Headers of the quota after what was done, which is done whatever can be told of it."""
    try:
        quota = await admissions.quota_of(request.user)
    except LogUnavailable:
        return {}
    return quota.headers()
