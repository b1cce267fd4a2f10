"""How long to wait before trying again."""

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.runtime.retries import Backoff

BACKOFF: Final = Backoff(base_s=1.0, max_s=30.0)

attempts = st.integers(min_value=1, max_value=1_000_000)
draws = st.floats(min_value=0, max_value=1, exclude_max=True)
seconds = st.floats(min_value=1e-3, max_value=1e6)


@pytest.mark.parametrize(
    ("attempt", "expected_s"), [(1, 1.0), (2, 2.0), (3, 4.0), (5, 16.0), (6, 30.0), (99, 30.0)]
)
def test_doubles_up_to_the_longest(attempt: int, expected_s: float) -> None:
    """Without the cut, delays are powers of two until the cap."""
    assert BACKOFF.delay_s(attempt, uniform=lambda: 0.0) == expected_s


@given(base_s=seconds, max_s=seconds, attempt=attempts, drawn=draws)
def test_is_cut_by_at_most_half(base_s: float, max_s: float, attempt: int, drawn: float) -> None:
    """However long an outage lasts, the delay stays finite, positive and below the cap."""
    backoff = Backoff(base_s=base_s, max_s=max_s)
    full_s = backoff.delay_s(attempt, uniform=lambda: 0.0)

    delay_s = backoff.delay_s(attempt, uniform=lambda: drawn)

    assert full_s <= max_s
    assert full_s / 2 <= delay_s <= full_s
    assert delay_s > 0


@given(attempt=attempts, drawn=draws)
def test_never_gets_shorter(attempt: int, drawn: float) -> None:
    """With the same luck, a later attempt does not come sooner."""
    before_s = BACKOFF.delay_s(attempt, uniform=lambda: drawn)

    assert BACKOFF.delay_s(attempt + 1, uniform=lambda: drawn) >= before_s


def test_keeps_clients_apart_by_itself() -> None:
    """Clients that failed together do not come back together."""
    delays = {BACKOFF.delay_s(3) for _ in range(20)}

    assert len(delays) > 1
    assert all(2.0 <= delay_s <= 4.0 for delay_s in delays)
