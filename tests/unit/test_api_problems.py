"""The table of problems is complete: whatever the API raises has an answer that was thought of."""

import inspect
import pkgutil
from importlib import import_module
from typing import Final

import pytest

import services.api
from services.adapters.storage import StorageUnavailable
from services.api.admissions import Refused
from services.api.feed import FeedClosed
from services.api.problems import INTERNAL_ERROR, PROBLEMS, ProblemKind
from services.api.refinement_requests import Invalid
from services.api.seats import NoSeat
from services.api.signing_keys import KeyIgnored, KeySetRefused, UnknownKey
from services.api.withdrawals import TaskEnded
from services.runtime.lifecycle import CannotServe

# `Invalid` becomes one of the errors of an `InvalidRequest`, who ends a task that has ended is
# answered with the task, the end of the feed ends waits, and who cannot serve answers nobody.
# A token with an unknown key becomes an `InvalidToken`; no request is about a published key set.
NEVER_ANSWERED: Final = (
    *(Invalid, TaskEnded, FeedClosed, CannotServe),
    *(UnknownKey, KeySetRefused, KeyIgnored),
)
# Only their kinds are raised, and each of those has its own answer.
FAMILIES: Final = frozenset({Refused, NoSeat})
KINDS: Final = (*PROBLEMS.values(), INTERNAL_ERROR)


def raised_in_the_api() -> set[type[Exception]]:
    """Every kind of exception that a module of the API defines."""
    modules = [
        import_module(f"{services.api.__name__}.{found.name}")
        for found in pkgutil.iter_modules(services.api.__path__)
    ]
    return {
        kind
        for module in modules
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, Exception) and kind.__module__ == module.__name__
    }


def test_every_exception_of_the_api_has_an_answer() -> None:
    """A new one is added to the table, or would be told as a mistake of ours."""
    defined = raised_in_the_api() - FAMILIES
    raised = {kind for kind in defined if not issubclass(kind, NEVER_ANSWERED)}

    assert raised
    assert {kind for kind in raised if not PROBLEMS.keys() & set(kind.__mro__)} == set()


def test_what_is_never_answered_is_not_in_the_table() -> None:
    """The exceptions to the rule above are true."""
    assert not PROBLEMS.keys() & {*NEVER_ANSWERED, *FAMILIES}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.detail)
def test_a_problem_is_told_in_whole_sentences(kind: ProblemKind) -> None:
    """A status for errors, a title, and a sentence; when to come back, where that would help."""
    assert 400 <= kind.status < 600
    assert kind.title[0].isupper()
    assert not kind.title.endswith(".")
    assert kind.detail.endswith(".")
    assert kind.status != 503 or "Retry-After" in kind.headers


def test_a_name_has_one_status_and_title() -> None:
    """A client that looks at the type knows what it has before it."""
    told = {(kind.name, kind.status, kind.title) for kind in KINDS}

    assert len(told) == len({kind.name for kind in KINDS})


def test_only_what_may_pass_is_said_to_pass() -> None:
    """A mistake of ours is not called an outage, nor the other way round."""
    assert INTERNAL_ERROR.status == 500
    assert PROBLEMS[StorageUnavailable].status == 503
    assert 500 not in {kind.status for kind in PROBLEMS.values()}
