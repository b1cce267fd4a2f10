"""Progress: what is said of it, how often, and that nothing else is taken for it."""

import asyncio
from typing import Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.progress import (
    ALL_PROGRESS,
    PROGRESS_BYTES_MAX,
    Progress,
    Stage,
    UnreadableProgress,
    decode_progress,
    encode_progress,
    progress_subject,
)
from services.adapters.memory import MemoryProgress
from services.refinement.progress import SPANS, AttemptProgress, Span, guessed, within
from tests import controls

KEY: Final = controls.user_key()
TASK: Final = controls.task_id()
SUBJECT: Final = progress_subject(user_key=KEY, task_id=TASK)
PROGRESS: Final = Progress(
    task_id=TASK, user_key=KEY, attempt=2, stage=Stage.REFINING, fraction=0.25
)

progresses = st.builds(
    Progress,
    task_id=st.just(TASK),
    user_key=st.just(KEY),
    attempt=st.integers(min_value=1, max_value=2**31),
    stage=st.sampled_from(Stage),
    fraction=st.floats(min_value=0, max_value=1),
)
wrong = {
    "nothing": b"",
    "no JSON": b"\xff\xfe",
    "another form": b"[]",
    "a field missing": b"{}",
    "too long": b" " * PROGRESS_BYTES_MAX + b"{}",
    **{
        f"{field} {value}": msgspec.json.encode(msgspec.to_builtins(PROGRESS) | {field: value})
        for field, value in (
            ("fraction", 1.01),
            ("fraction", -0.01),
            ("fraction", "much"),
            ("attempt", 0),
            ("stage", "queued"),
            ("task_id", "task-*"),
            ("task_id", controls.task_id(2)),
            ("user_key", ">"),
        )
    },
}


class TestBytes:
    """How progress travels."""

    @given(progresses)
    def test_what_is_encoded_is_decoded_as_it_was(self, progress: Progress) -> None:
        """In few bytes."""
        body = encode_progress(progress)

        assert decode_progress(body, subject=SUBJECT) == progress

    @pytest.mark.parametrize("body", wrong.values(), ids=wrong.keys())
    def test_nothing_else_is_taken_for_it(self, body: bytes) -> None:
        """The error says on which subject it came."""
        with pytest.raises(UnreadableProgress) as caught:
            decode_progress(body, subject=SUBJECT)

        assert caught.value.subject == SUBJECT

    def test_a_field_that_this_version_does_not_know_is_tolerated(self) -> None:
        """A newer worker may say more."""
        more = msgspec.to_builtins(PROGRESS) | {"engine": "local"}

        assert decode_progress(msgspec.json.encode(more), subject=SUBJECT) == PROGRESS

    def test_its_subject_is_its_task_s_and_not_in_the_log(self) -> None:
        """One wildcard covers all of them, and none of the events."""
        prefix = ALL_PROGRESS.removesuffix(">")

        assert f"{prefix}{KEY}.{TASK}" == SUBJECT
        assert not SUBJECT.startswith("tasks.")


class TestAttempt:
    """What a worker says while it is at an attempt."""

    @given(
        st.lists(
            st.tuples(
                st.sampled_from(Stage), st.lists(st.floats(min_value=0, max_value=1), max_size=5)
            ),
            max_size=6,
        )
    )
    async def test_a_fraction_never_goes_back_and_stays_in_its_stage(
        self, course: list[tuple[Stage, list[float]]]
    ) -> None:
        """Whatever the parts of the work report."""
        said = await said_during(course)

        fractions = [one.fraction for one in said]
        assert fractions == sorted(fractions)
        assert all(0 <= fraction <= 1 for fraction in fractions)

    async def test_each_stage_is_said_as_it_begins(self) -> None:
        """However soon one follows the other."""
        said = await said_during([(stage, []) for stage in Stage])

        assert [one.stage for one in said] == list(Stage)
        assert [one.fraction for one in said] == [span.start for span in SPANS.values()]

    async def test_small_steps_are_not_said_one_by_one(self) -> None:
        """A download of many pieces does not become as many messages."""
        said = await said_during([(Stage.FETCHING, [step / 1000 for step in range(1000)])])

        assert len(said) < 10

    def test_the_stages_share_the_whole(self) -> None:
        """From the beginning to the end, in order and without gaps."""
        spans = [SPANS[stage] for stage in Stage]

        assert (spans[0].start, spans[-1].end) == (0, 1)
        assert [one.end for one in spans[:-1]] == [one.start for one in spans[1:]]


async def test_what_does_not_tell_is_guessed_by_the_clock() -> None:
    """It moves, ever less, and never seems done."""
    shares: list[float] = []
    enough = asyncio.Event()

    async def moved(share: float) -> None:
        shares.append(share)
        if len(shares) == 2:
            enough.set()

    async with asyncio.timeout(10), guessed(within(moved, Span(0.2, 0.8)), usual_s=0.5):
        await enough.wait()
    told = len(shares)
    await asyncio.sleep(0)

    assert 0.2 < shares[0] < shares[1] < 0.8
    assert len(shares) == told


async def said_during(course: list[tuple[Stage, list[float]]]) -> list[Progress]:
    """What is heard of an attempt that goes through these stages, with these reports in each."""
    signals = MemoryProgress()
    heard: list[Progress] = []
    stop = await signals.listen(heard.append)
    attempt = AttemptProgress(signals, task_id=TASK, user_key=KEY, attempt=1)
    for stage, shares in course:
        await attempt.begin(stage)
        for share in shares:
            await attempt.moved(share)
    await asyncio.sleep(0)
    await stop()
    return heard
