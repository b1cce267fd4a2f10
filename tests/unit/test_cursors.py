"""Cursors: what comes back is what was given out, and nothing else is taken for one."""

import base64
import string
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.task import Status
from services.api.cursors import POSITION_MAX, read_cursor, write_cursor
from services.api.list_requests import STATUSES
from services.api.refinement_requests import Invalid

ALPHABET: Final = string.ascii_letters + string.digits + "-_"

positions = st.integers(min_value=1, max_value=POSITION_MAX)
filters = st.sets(st.sampled_from(STATUSES), min_size=1)


def packed(version: int, position: int, fingerprint: bytes) -> str:
    """A cursor made by hand."""
    raw = bytes([version]) + position.to_bytes(8, "big") + fingerprint
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


FINGERPRINT: Final = base64.urlsafe_b64decode(write_cursor(position=7, statuses=STATUSES) + "=")[9:]


@given(position=positions, statuses=filters)
def test_a_cursor_is_its_position(position: int, statuses: set[Status]) -> None:
    """Whatever the position and the statuses, in letters that a URL takes as they are."""
    text = write_cursor(position=position, statuses=statuses)

    assert read_cursor(text, statuses=statuses) == position
    assert set(text) <= set(ALPHABET)


@given(position=positions, statuses=filters, others=filters)
def test_a_cursor_of_another_filter_is_refused(
    position: int, statuses: set[Status], others: set[Status]
) -> None:
    """Its place means nothing in another list; the order of the statuses does not matter."""
    text = write_cursor(position=position, statuses=sorted(statuses, reverse=True))

    if statuses == others:
        assert read_cursor(text, statuses=others) == position
    else:
        with pytest.raises(Invalid, match="another status filter"):
            _ = read_cursor(text, statuses=others)


@given(text=st.text() | st.text(alphabet=ALPHABET, min_size=23, max_size=23))
def test_what_is_no_cursor_is_refused(text: str) -> None:
    """Text that nobody was given, of any form and length."""
    with pytest.raises(Invalid):
        _ = read_cursor(text, statuses=STATUSES)


def test_the_ones_made_by_hand_are_like_ours() -> None:
    """So the refusals below have the reason they are there for."""
    assert packed(1, 7, FINGERPRINT) == write_cursor(position=7, statuses=STATUSES)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(packed(2, 7, FINGERPRINT), id="another version"),
        pytest.param(packed(0, 7, FINGERPRINT), id="no version"),
        pytest.param(packed(1, 0, FINGERPRINT), id="before the first position"),
        pytest.param(packed(1, 2**63, FINGERPRINT), id="more than a database counts"),
        pytest.param(packed(1, 7, FINGERPRINT) + "A", id="too long"),
        pytest.param(packed(1, 7, FINGERPRINT) + "=", id="padded"),
        pytest.param(packed(1, 7, FINGERPRINT)[:-1], id="too short"),
        pytest.param(packed(1, 7, FINGERPRINT) + "\n", id="with a newline"),
        pytest.param("+" + packed(1, 7, FINGERPRINT)[1:], id="another alphabet"),
        pytest.param("\u0661" * 23, id="digits that are not ASCII"),
        pytest.param("", id="empty"),
        pytest.param("A" * 1_000_000, id="a million letters"),
    ],
)
def test_another_form_is_refused_and_not_repeated(text: str) -> None:
    """The reason says what would be right, never what was sent."""
    with pytest.raises(Invalid) as caught:
        _ = read_cursor(text, statuses=STATUSES)

    assert str(caught.value) == "must be the cursor of a link to the next page"
