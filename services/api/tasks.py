"""The routes that show a task to its owner."""

from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from services.api.bodies import TaskBodies
from services.api.description import TASK_RESPONSES, TaskOperation
from services.api.edge import facts_of
from services.api.requests import AuthenticatedRequest
from services.api.task_reader import TaskReader


def task_route(*, reader: TaskReader, bodies: TaskBodies) -> HTTPRouteHandler:
    """`GET /api/tasks/{id}`, also under the address that the first clients use."""

    @get(
        ["/api/tasks/{task_id:str}", "/api/concepts/task/{task_id:str}"],
        summary="Show a task",
        operation_class=TaskOperation,
        responses=TASK_RESPONSES,
        tags=["tasks"],
    )
    async def show_task(request: AuthenticatedRequest, task_id: FromPath[str]) -> ASGIResponse:
        task = await reader.find(task_id, user_key=request.user.user_key)
        facts_of(request.scope).task_id = task.task_id
        body = await bodies.encode(task)
        # The body holds a signed URL: whoever has it can read the picture.
        return ASGIResponse(body=body, headers={"Cache-Control": "no-store"})

    return show_task
