"""What is read from `Prefer`."""

import pytest

from services.api.preferences import wait_of


@pytest.mark.parametrize(
    ("values", "wait_s"),
    [
        ([], None),
        (["wait=5"], 5),
        (["WAIT = 5"], 5),
        (['wait="5"'], 5),
        (["respond-async, wait=7"], 7),
        (["respond-async", "wait=7"], 7),
        (["wait=7; foo=bar"], 7),
        (["wait=7, wait=9"], 7),
        (["wait=0"], 0),
        (["wait=60"], 60),
        (["wait=61"], 60),
        (["wait=999999999"], 60),
        (["wait=9999999999"], None),
        (["wait=-1"], None),
        (["wait=1.5"], None),
        (["wait"], None),
        (["wait=soon"], None),
        (["await=5"], None),
    ],
)
def test_a_wish_to_wait(values: list[str], wait_s: int | None) -> None:
    """The first well-formed wish counts, up to the longest wait; anything else is ignored."""
    assert wait_of(values) == wait_s
