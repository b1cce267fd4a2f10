"""How many attempts at a task may have been paid for: counted from the log, where each begins."""

from collections.abc import Iterable
from typing import Final

from events.failures import FailureCode
from events.task import TaskEvent, TaskProcessing, TaskRetrying

# Engines that cost nothing: a task may have been tried with one before the default was changed.
FREE: Final = frozenset({"local", "null"})

# An attempt that ended like this asked nobody, or was told that nothing was done.
UNPAID: Final = frozenset(
    {
        FailureCode.ENGINE_UNAVAILABLE,
        FailureCode.ENGINE_THROTTLED,
        FailureCode.IMAGE_FETCH_FAILED,
    }
)

# Nothing gets better before somebody on our side acts.
NEEDS_OPERATOR: Final = frozenset(
    {FailureCode.ENGINE_MISCONFIGURED, FailureCode.ENGINE_QUOTA_EXHAUSTED}
)


def count_calls(history: Iterable[TaskEvent]) -> int:
    """The attempts of a task, in the order of the log, that a provider may want money for.

    One that never reported back counts: its worker may have died between the call and its answer.
    """
    paid: set[int] = set()
    for event in history:
        match event:
            case TaskProcessing(attempt=attempt, engine=engine) if engine not in FREE:
                paid.add(attempt)
            case TaskRetrying(attempt=attempt, error_code=code) if code in UNPAID:
                paid.discard(attempt)
            case _:
                pass
    return len(paid)
