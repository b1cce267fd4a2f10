"""What tests share: calm property tests, and a guard against lost tasks."""

import asyncio
import gc
from collections.abc import AsyncIterator

import pytest
from hypothesis import settings

# Other work on the machine must not turn a slow example into a failure; `timeout` bounds the test.
settings.register_profile("refinery", deadline=None, print_blob=True)
settings.load_profile("refinery")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the one option of ours."""
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write golden files that are missing; those that exist are never changed",
    )


def pytest_collection_finish() -> None:
    """Leave what was imported out of the collections below: it is most of the heap."""
    gc.freeze()


@pytest.fixture(autouse=True)
def guarded_loop(request: pytest.FixtureRequest) -> None:
    """Guard the event loop of every asynchronous test; the others have none."""
    if request.node.get_closest_marker("asyncio") is not None:
        request.getfixturevalue("no_task_dies_unobserved")


@pytest.fixture
async def no_task_dies_unobserved() -> AsyncIterator[None]:
    """Fail a test in which an asyncio task, or a callback, failed and nobody looked."""
    losses: list[str] = []

    def remember(_: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        losses.append(f"{context['message']}: {context.get('exception')!r}")

    asyncio.get_running_loop().set_exception_handler(remember)
    yield
    # A lost task is reported when it is collected, and its traceback keeps it in a cycle.
    gc.collect()
    await asyncio.sleep(0)
    assert not losses, "; ".join(losses)
