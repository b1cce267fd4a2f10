"""Nobody learns of another user's task: not that it is there, not that it is not."""

from collections.abc import Callable

import msgspec
import pytest

from tests.system.customers import FORBIDDEN_URL, Answer, Customer

UNKNOWN = "task-01900000-0000-7000-8000-000000000000"

pytestmark = pytest.mark.system


@pytest.mark.parametrize("route", ["/api/tasks", "/api/concepts/task"])
async def test_another_users_task_is_an_unknown_one(
    route: str, customer: Callable[[], Customer]
) -> None:
    """Its owner sees a task; to anybody else it answers as an id that was never given out."""
    owner, stranger = customer(), customer()
    task_id = await owner.accepted(FORBIDDEN_URL)
    await owner.ended(task_id)

    foreign = await stranger.task(task_id, route=route)
    unknown = await stranger.task(UNKNOWN, route=route)

    assert (await owner.task(task_id, route=route)).status == 200
    assert foreign.status == unknown.status == 404
    assert impersonal(foreign, task_id) == impersonal(unknown, UNKNOWN)
    assert foreign.headers.keys() == unknown.headers.keys()


def impersonal(answer: Answer, task_id: str) -> dict[str, object]:
    """The body, with the id that was asked for left out of the address it repeats."""
    text = answer.body.decode().replace(task_id, "TASK")
    return msgspec.json.decode(text, type=dict[str, object])
