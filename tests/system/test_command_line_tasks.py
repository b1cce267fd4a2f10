"""The commands for tasks that are there: followed, interrupted, cancelled."""

import asyncio
from collections.abc import Callable

import pytest

from tests.system.customers import FORBIDDEN_URL, PROMPT, Customer
from tests.system.running import Ended, Service, lines_of, refinery
from tests.system.terminals import TERMINAL_COLUMNS, Terminal, on_terminal
from tests.system.waiting import eventually

UNKNOWN = "task-01900000-0000-7000-8000-000000000000"
BOUND_S = 20.0

pytestmark = pytest.mark.system


async def test_an_interrupt_leaves_the_task_and_says_what_to_do(
    stack: Service, customer: Callable[[], Customer], picture_url: str
) -> None:
    """On a terminal the place in the line is shown; Ctrl-C ends the waiting and nothing else."""
    somebody = customer()
    whose = ("--user", somebody.user, "--data", stack.data)
    with stack.frozen("worker"):
        with on_terminal("submit", picture_url, PROMPT, "--wait", *whose) as terminal:
            await shows(terminal, "in the line")
            terminal.interrupt()
            status = await asyncio.to_thread(terminal.wait)
        [task_id] = {word for word in terminal.text.split() if word.startswith("task-")}
        left = (await somebody.task(task_id)).json

    assert status == 130
    assert f"{task_id} goes on without you" in terminal.text
    options = f"--user {somebody.user} --data {stack.data}"
    assert f"refinery watch {task_id} {options}" in terminal.text
    assert f"refinery cancel {task_id} {options}" in terminal.text
    assert "Aborted" not in terminal.text
    assert "Traceback" not in terminal.text
    assert left["status"] == "pending"
    watched = await asyncio.to_thread(refinery, "watch", task_id, *whose)
    assert watched.status == 0, watched.stderr
    [image_url] = lines_of(watched.stdout)
    assert task_id in image_url
    assert lines_of(watched.stderr)[-1].endswith("Task is completed")


async def test_a_task_is_cancelled_once(
    stack: Service, customer: Callable[[], Customer], picture_url: str
) -> None:
    """Then it has ended, which is said of it, and whoever follows it is told."""
    somebody = customer()
    whose = ("--user", somebody.user, "--data", stack.data)
    with stack.frozen("worker"):
        task_id = await somebody.accepted(picture_url)
        with on_terminal("watch", task_id, *whose) as terminal:
            await shows(terminal, "in the line")
            cancelled = await asyncio.to_thread(refinery, "cancel", task_id, *whose)
            status = await asyncio.to_thread(terminal.wait)
    again = await asyncio.to_thread(refinery, "cancel", task_id, *whose)

    assert (cancelled.status, cancelled.stdout) == (0, f"{task_id} is cancelled\n")
    assert status == 1
    assert f"error: {task_id} is cancelled" in terminal.text
    assert error_of(again) == f"{task_id} has ended: it is cancelled"


async def test_a_task_that_has_failed_is_a_failure(
    stack: Service, customer: Callable[[], Customer]
) -> None:
    """Watching it says why."""
    somebody = customer()
    task_id = await somebody.accepted(FORBIDDEN_URL)
    task = await somebody.ended(task_id)

    watched = await asyncio.to_thread(
        refinery, "watch", task_id, "--user", somebody.user, "--data", stack.data
    )

    assert error_of(watched) == f"{task_id} is failed: {task['error_message']}"


async def test_tasks_are_listed_newest_first(
    stack: Service, customer: Callable[[], Customer], picture_url: str
) -> None:
    """A line each, of one status if it is asked for; and a word where there are more, or none."""
    somebody = customer()
    whose = ("--user", somebody.user, "--data", stack.data)
    nothing = await asyncio.to_thread(refinery, "tasks", *whose)
    accepted: list[str] = []
    for url in (picture_url, FORBIDDEN_URL):
        accepted.insert(0, await somebody.accepted(url))
        _ = await somebody.ended(accepted[0])

    listed = await asyncio.to_thread(refinery, "tasks", *whose)
    failed = await asyncio.to_thread(refinery, "tasks", "--status", "failed", *whose)
    one = await asyncio.to_thread(refinery, "tasks", "--limit", "1", *whose)

    assert (nothing.status, nothing.stdout, nothing.stderr) == (0, "", "no tasks\n")
    lines = [line.split() for line in lines_of(listed.stdout)]
    assert [line[:2] for line in lines] == [[accepted[0], "failed"], [accepted[1], "completed"]]
    assert all(line[4:] == PROMPT.split() for line in lines)
    assert listed.stderr == ""
    assert lines_of(failed.stdout) == lines_of(listed.stdout)[:1]
    assert lines_of(one.stdout) == lines_of(listed.stdout)[:1]
    assert one.stderr.startswith("and older ones")


async def test_a_list_on_a_terminal_has_a_line_for_each_task(
    stack: Service, customer: Callable[[], Customer]
) -> None:
    """What would not fit is cut."""
    somebody = customer()
    _ = await somebody.refine(FORBIDDEN_URL, prompt="flat " * 60)

    with on_terminal("tasks", "--user", somebody.user, "--data", stack.data) as terminal:
        status = await asyncio.to_thread(terminal.wait)

    assert status == 0
    [line] = lines_of(terminal.text)
    assert len(line) == TERMINAL_COLUMNS


@pytest.mark.parametrize("command", ["watch", "cancel"])
@pytest.mark.parametrize("task_id", [UNKNOWN, "nonsense"])
def test_a_task_that_is_not_there(command: str, task_id: str, stack: Service) -> None:
    """It is one line, whatever was asked for."""
    done = refinery(command, task_id, "--data", stack.data)

    assert error_of(done) == "Task not found - There is no such task."


async def shows(terminal: Terminal, text: str) -> None:
    """Return when a terminal shows a text."""
    await eventually(lambda: text in terminal.text, bound_s=BOUND_S, what=text)


def error_of(done: Ended) -> str:
    """The one line of a command that has failed."""
    assert done.status == 1
    assert done.stdout == ""
    *_, last = lines_of(done.stderr)
    return last.removeprefix("error: ")
