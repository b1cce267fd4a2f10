"""From a query to a page: what is taken, and every reason for what is not."""

from typing import Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.task import Status, fold
from services.api.cursors import write_cursor
from services.api.list_requests import (
    LIMIT_DEFAULT,
    LIMIT_MAX,
    STATUSES,
    ListRequest,
    read_list_request,
)
from tests import controls

ALL: Final = frozenset(STATUSES)
CURSOR: Final = write_cursor(position=7, statuses=STATUSES)
NOT_A_STATUS: Final = (
    "must be one or more of: pending, processing, retrying, completed, failed, cancelled"
)
NOT_A_LIMIT: Final = "must be a number from 1 to 50"
NOT_A_CURSOR: Final = "must be the cursor of a link to the next page"
OF_ANOTHER_LIST: Final = "belongs to a list with another status filter"
TWICE: Final = "must be given once"
UNKNOWN: Final = "is not a known parameter"


@pytest.mark.parametrize(
    ("query", "request_"),
    [
        (b"", ListRequest(statuses=ALL, limit=LIMIT_DEFAULT, before=None)),
        (b"&", ListRequest()),
        (b"limit=1", ListRequest(limit=1)),
        (b"limit=50", ListRequest(limit=LIMIT_MAX)),
        (b"status=failed", ListRequest(statuses=frozenset({Status.FAILED}))),
        (
            b"status=failed&status=pending",
            ListRequest(statuses=frozenset({Status.FAILED, Status.PENDING})),
        ),
        (
            b"status=failed%2Cpending,failed&status=pending",
            ListRequest(statuses=frozenset({Status.FAILED, Status.PENDING})),
        ),
        (b"status=" + ",".join(STATUSES).encode(), ListRequest()),
        (b"cursor=" + CURSOR.encode(), ListRequest(before=7)),
    ],
)
def test_a_valid_query_is_a_page(query: bytes, request_: ListRequest) -> None:
    """Statuses may be repeated and joined with commas; naming all of them is naming none."""
    assert read_list_request(query) == request_


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        *((f"limit={limit}", {"limit": NOT_A_LIMIT}) for limit in ("", "0", "51", "100", "-1")),
        *((f"limit={limit}", {"limit": NOT_A_LIMIT}) for limit in ("+5", "%205", "5.0", "05")),
        *((f"limit={limit}", {"limit": NOT_A_LIMIT}) for limit in ("ten", "%D9%A5", "9" * 5000)),
        ("limit=5&limit=5", {"limit": TWICE}),
        *((f"status={name}", {"status": NOT_A_STATUS}) for name in ("", ",", "removed", "done")),
        *((f"status={name}", {"status": NOT_A_STATUS}) for name in ("Failed", "failed,", "%00")),
        ("status=failed&status=", {"status": NOT_A_STATUS}),
        ("cursor=", {"cursor": NOT_A_CURSOR}),
        ("cursor=1", {"cursor": NOT_A_CURSOR}),
        (f"cursor={CURSOR}&cursor={CURSOR}", {"cursor": TWICE}),
        (f"status=failed&cursor={CURSOR}", {"cursor": OF_ANOTHER_LIST}),
        # Which list the cursor should be of is not known.
        (f"status=done&cursor={CURSOR}", {"status": NOT_A_STATUS}),
        ("page=2", {"page": UNKNOWN}),
        ("Limit=5", {"Limit": UNKNOWN}),
        ("=5", {"": UNKNOWN}),
        ("%FF=%FF", {"\ufffd": UNKNOWN}),
        (
            "x=1&x=2&status=a&limit=b",
            {"status": NOT_A_STATUS, "limit": NOT_A_LIMIT, "x": UNKNOWN},
        ),
    ],
)
def test_an_invalid_query_has_all_its_errors(query: str, errors: dict[str, str]) -> None:
    """Each wrong parameter once, by name, with what would be right."""
    read = read_list_request(query.encode())

    assert isinstance(read, tuple)
    assert {error.parameter: error.detail for error in read} == errors
    assert all(error.field == error.parameter for error in read)
    assert all(error.pointer is None and error.header is None for error in read)


def test_many_unknown_parameters_are_told_of_in_part() -> None:
    """An answer stays small, whatever was sent."""
    query = "&".join(f"{'x' * 500}{number}=1" for number in range(100))

    read = read_list_request(query.encode())

    assert isinstance(read, tuple)
    assert [error.parameter for error in read] == ["x" * 64] * 10


@given(query=st.binary())
def test_any_bytes_are_answered(query: bytes) -> None:
    """A page or its errors, never an exception."""
    read = read_list_request(query)

    assert isinstance(read, ListRequest) or read


@given(
    statuses=st.sets(st.sampled_from(STATUSES), min_size=1),
    limit=st.integers(min_value=1, max_value=LIMIT_MAX),
    position=st.integers(min_value=1, max_value=2**62),
)
def test_the_next_page_is_of_the_same_list(
    statuses: set[Status], limit: int, position: int
) -> None:
    """Same statuses, same limit, behind the last task of this page."""
    task = fold(controls.history())
    assert task is not None
    last = msgspec.structs.replace(task, requested_position=position)
    request = ListRequest(statuses=frozenset(statuses), limit=limit)

    query = request.query_behind(last)

    assert read_list_request(query.encode()) == ListRequest(
        statuses=frozenset(statuses), limit=limit, before=position
    )
