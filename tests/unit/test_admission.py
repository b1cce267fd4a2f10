"""Who may start a task: the order of the checks, and a quota that is exact."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from itertools import pairwise
from typing import Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.admission import (
    Admission,
    Admitted,
    AlreadyActive,
    Policy,
    QuotaExhausted,
    RefinementRequest,
    Replayed,
    ReplayMismatch,
    admit,
    quota_standing,
)
from events.log import DeskReading
from events.task import Quota, RecordedEvent, Task, TaskEvent, fold
from tests import controls
from tests.strategies import lives

NOW: Final = controls.at(500)
LIMIT: Final = 10
EAST: Final = timezone(timedelta(hours=2))
WEST: Final = timezone(-timedelta(hours=8))
POLICY: Final = Policy(quota_limit=LIMIT, task_deadline=timedelta(seconds=300))
REQUEST: Final = RefinementRequest(
    original_image_url="https://images.example/logo.png",
    refinement_prompt=controls.PROMPT,
    theme_description="a café by the sea",
    preserve_aspects=("layout", "colors"),
)
OTHER: Final = msgspec.structs.replace(REQUEST, refinement_prompt="something else")
FINISHED: Final = (controls.processing(), controls.completed())


def given_task(
    *changes: TaskEvent,
    made_by: RefinementRequest = REQUEST,
    used: int = 1,
    period: str = "2026-03",
) -> tuple[RecordedEvent, ...]:
    """Given: a task that a request made, as request number `used`, and what became of it."""
    asked = msgspec.structs.replace(
        controls.request(),
        request_fingerprint=made_by.fingerprint(),
        quota=Quota(period=period, used=used, limit=LIMIT),
    )
    history = controls.history(*changes, asked=asked)
    return (history[0], history[-1])


def given_desk(
    newest: tuple[RecordedEvent, ...] = (), *, replayed: tuple[RecordedEvent, ...] = ()
) -> DeskReading:
    """Given: a desk with a newest task, and the task that was asked for by id."""
    return DeskReading(position=42, newest=newest, replayed=replayed)


def when_asked(
    desk: DeskReading, request: RefinementRequest = REQUEST, *, now: datetime = NOW, task: int = 2
) -> Admission:
    """When: the request is decided on, as task number `task`."""
    return admit(
        desk,
        request,
        task_id=controls.task_id(task),
        user_id=controls.user_id(),
        now=now,
        policy=POLICY,
    )


def newest_of(*changes: TaskEvent, used: int = 1, period: str = "2026-03") -> Task | None:
    """The newest task of a desk."""
    return fold(given_task(*changes, used=used, period=period))


class TestOrderOfChecks:
    """Replay, then the active task, then the quota, then the new task."""

    def test_an_empty_desk_admits(self) -> None:
        """The first request of a user is request number one, and carries all that was asked."""
        admission = when_asked(given_desk())

        assert isinstance(admission, Admitted)
        assert admission.expected_position == 42
        assert admission.request == msgspec.structs.replace(
            controls.request(),
            task_id=controls.task_id(2),
            request_fingerprint=REQUEST.fingerprint(),
            quota=Quota(period="2026-03", used=1, limit=LIMIT),
            deadline=NOW + timedelta(seconds=300),
        )
        assert admission.quota.used == 1
        assert admission.quota.remaining == 9

    @pytest.mark.parametrize("used", [1, LIMIT])
    @pytest.mark.parametrize(
        "life", [(), (controls.processing(),), (controls.processing(), controls.retrying())]
    )
    def test_an_active_task_comes_before_the_quota(
        self, life: tuple[TaskEvent, ...], used: int
    ) -> None:
        """Whoever waits for a task is told about it, also with nothing left."""
        admission = when_asked(given_desk(given_task(*life, used=used)))

        assert isinstance(admission, AlreadyActive)
        assert admission.task.task_id == controls.task_id()
        assert admission.quota.used == used

    @pytest.mark.parametrize(
        "life",
        [
            FINISHED,
            (controls.failed(),),
            (controls.processing(), controls.cancelled()),
            (*FINISHED, controls.removed()),
        ],
    )
    def test_a_finished_task_makes_room(self, life: tuple[TaskEvent, ...]) -> None:
        """After each of the ends the next request is admitted."""
        assert isinstance(when_asked(given_desk(given_task(*life))), Admitted)

    def test_the_last_of_the_quota_is_admitted(self) -> None:
        """The tenth request is the last."""
        admission = when_asked(given_desk(given_task(*FINISHED, used=LIMIT - 1)))

        assert isinstance(admission, Admitted)
        assert admission.request.quota.used == LIMIT
        assert admission.quota.remaining == 0

    def test_an_exhausted_quota_refuses(self) -> None:
        """There is no eleventh request, and the answer says when there is one again."""
        admission = when_asked(given_desk(given_task(*FINISHED, used=LIMIT)))

        assert isinstance(admission, QuotaExhausted)
        assert admission.quota.remaining == 0
        assert admission.quota.resets_at == datetime(2026, 4, 1, tzinfo=UTC)

    @pytest.mark.parametrize("newest_life", [(), FINISHED])
    def test_a_replay_comes_before_everything(self, newest_life: tuple[TaskEvent, ...]) -> None:
        """An idempotent request gets its task, whatever has happened since."""
        earlier = given_task(*FINISHED)
        desk = given_desk(given_task(*newest_life, used=LIMIT), replayed=earlier)

        admission = when_asked(desk)

        assert isinstance(admission, Replayed)
        assert admission.task == fold(earlier)
        assert admission.quota.used == LIMIT

    def test_another_request_under_the_same_key_is_a_mismatch(self) -> None:
        """A key names one request: a different one is neither replayed nor admitted."""
        desk = given_desk(replayed=given_task(*FINISHED))

        admission = when_asked(desk, OTHER)

        assert isinstance(admission, ReplayMismatch)

    def test_decides_the_same_again(self) -> None:
        """Equal arguments, equal decisions: after a conflict it is safe to decide again."""
        desk = given_desk(given_task(*FINISHED))

        assert when_asked(desk) == when_asked(desk)

    def test_admits_nothing_on_what_it_admitted(self) -> None:
        """The request that was admitted makes the next one wait."""
        admitted = when_asked(given_desk())
        assert isinstance(admitted, Admitted)

        again = when_asked(given_desk(controls.history(asked=admitted.request)))

        assert isinstance(again, AlreadyActive)


class TestFingerprint:
    """Which requests are the same."""

    def test_equal_requests_have_equal_fingerprints(self) -> None:
        """It depends on what is asked, not on the object."""
        again = msgspec.structs.replace(REQUEST)

        assert again.fingerprint() == REQUEST.fingerprint()
        assert len(REQUEST.fingerprint()) == 64

    def test_fields_added_later_change_no_fingerprint(self) -> None:
        """Where they are not given: a repetition is recognised across versions."""
        written_by_the_first_version = (
            "f24af719791bf0947785462920338b2089f50924c2e916a00430e548966f81e7"
        )

        assert REQUEST.fingerprint() == written_by_the_first_version

    @pytest.mark.parametrize(
        "change",
        [
            {"original_image_url": "https://images.example/other.png"},
            {"refinement_prompt": "something else"},
            {"logo_description": "a cup"},
            {"theme_description": None},
            {"preserve_aspects": ("layout",)},
            {"engine": "local"},
        ],
    )
    def test_every_field_counts(self, change: dict[str, object]) -> None:
        """A request that differs in anything is another request."""
        changed = msgspec.structs.replace(REQUEST, **change)

        assert changed.fingerprint() != REQUEST.fingerprint()


class TestQuotaStanding:
    """The ledger over calendar months."""

    @pytest.mark.parametrize(
        ("now", "period", "start", "end"),
        [
            (datetime(2026, 12, 31, 23, 59, 59, 999_999, UTC), "2026-12", (2026, 12), (2027, 1)),
            (datetime(2027, 1, 1, tzinfo=UTC), "2027-01", (2027, 1), (2027, 2)),
            (datetime(2028, 2, 29, 12, tzinfo=UTC), "2028-02", (2028, 2), (2028, 3)),
            (datetime(2027, 2, 28, 23, 59, tzinfo=UTC), "2027-02", (2027, 2), (2027, 3)),
            (datetime(2026, 1, 31, tzinfo=UTC), "2026-01", (2026, 1), (2026, 2)),
            (datetime(2026, 3, 1, 1, tzinfo=EAST), "2026-02", (2026, 2), (2026, 3)),
            (datetime(2026, 12, 31, 20, tzinfo=WEST), "2027-01", (2027, 1), (2027, 2)),
        ],
    )
    def test_follows_the_calendar_in_utc(
        self, now: datetime, period: str, start: tuple[int, int], end: tuple[int, int]
    ) -> None:
        """A month ends when it ends in UTC, in December, in February and wherever `now` is."""
        standing = quota_standing(None, now=now, limit=LIMIT)

        assert standing.period == period
        assert standing.period_start == datetime(*start, 1, tzinfo=UTC)
        assert standing.resets_at == datetime(*end, 1, tzinfo=UTC)
        assert standing.period_start <= now < standing.resets_at

    @given(day=st.dates(min_value=date(1970, 1, 1), max_value=date(9000, 1, 1)))
    def test_periods_follow_each_other_without_a_gap(self, day: date) -> None:
        """The moment a period ends is the first of the next."""
        noon = datetime.combine(day, time(12), UTC)
        standing = quota_standing(None, now=noon, limit=LIMIT)
        following = quota_standing(None, now=standing.resets_at, limit=LIMIT)

        assert following.period_start == standing.resets_at
        assert following.period > standing.period

    def test_counts_what_the_newest_task_has_counted(self) -> None:
        """The newest request's number is how much is used."""
        assert quota_standing(newest_of(*FINISHED, used=7), now=NOW, limit=LIMIT).used == 7

    def test_starts_anew_with_the_month(self) -> None:
        """What was used in February does not count in March."""
        newest = newest_of(*FINISHED, used=LIMIT, period="2026-02")

        assert quota_standing(newest, now=NOW, limit=LIMIT).used == 0

    @pytest.mark.parametrize("is_removed", [False, True])
    def test_keeps_a_refund(self, *, is_removed: bool) -> None:
        """A refund outlives the removal of its task."""
        life: tuple[TaskEvent, ...] = (controls.cancelled(),)
        if is_removed:
            life = (*life, msgspec.structs.replace(controls.removed(), quota_refunded=True))

        assert quota_standing(newest_of(*life, used=4), now=NOW, limit=LIMIT).used == 3

    def test_refunds_nothing_into_another_month(self) -> None:
        """A request of February that is refunded in March leaves March alone."""
        newest = newest_of(controls.cancelled(), used=4, period="2026-02")

        assert quota_standing(newest, now=NOW, limit=LIMIT).used == 0

    def test_a_clock_that_is_behind_takes_no_month_back(self) -> None:
        """Two processes, a second apart at the turn of a month, and March is spent.

        The one ahead admits the first request of April. The one behind still thinks it is March,
        and must not take the ledger of April for an empty ledger of March.
        """
        newest = newest_of(*FINISHED, used=3, period="2026-04")
        behind = datetime(2026, 3, 31, 23, 59, 59, tzinfo=UTC)

        standing = quota_standing(newest, now=behind, limit=LIMIT)

        assert standing.period == "2026-04"
        assert standing.period_start == datetime(2026, 4, 1, tzinfo=UTC)
        assert standing.resets_at == datetime(2026, 5, 1, tzinfo=UTC)
        assert standing.used == 3

    def test_is_never_less_than_nothing(self) -> None:
        """A limit that was lowered leaves nothing, not less."""
        standing = quota_standing(newest_of(*FINISHED, used=9), now=NOW, limit=5)

        assert standing.used == 9
        assert standing.remaining == 0


# How long a user waits before asking again: mostly not long, so that months fill up.
waits = st.sampled_from([timedelta(0), timedelta(0), timedelta(hours=1), timedelta(days=9)])


class TestLedger:
    """The quota of one user over many tasks."""

    @given(steps=st.lists(st.tuples(waits, lives(is_over=True)), max_size=40))
    def test_agrees_with_a_count_of_all_tasks(
        self, steps: list[tuple[timedelta, tuple[TaskEvent, ...]]]
    ) -> None:
        """The newest task alone tells what a count of all tasks would, and there is no eleventh."""
        accepted: list[tuple[str, bool]] = []
        desk, now = given_desk(), controls.START
        for wait, life in steps:
            now += wait
            period = f"{now:%Y-%m}"
            used = sum(month == period and not refunded for month, refunded in accepted)
            standing = quota_standing(fold(desk.newest), now=now, limit=LIMIT)
            assert standing.used == used

            admission = when_asked(desk, now=now, task=1)

            assert isinstance(admission, Admitted) == (used < LIMIT)
            if isinstance(admission, Admitted):
                history = controls.history(*life, asked=admission.request)
                refunded = getattr(life[-1], "quota_refunded", False)
                accepted.append((period, refunded))
                desk = given_desk((history[0], history[-1]))
            else:
                assert isinstance(admission, QuotaExhausted)
            counted = [month for month, is_refunded in accepted if not is_refunded]
            assert all(counted.count(month) <= LIMIT for month in counted)

    def test_a_month_of_refunds_never_ends(self) -> None:
        """What we cannot deliver is never charged, however often it is tried."""
        desk = given_desk()
        numbers: list[int] = []
        for _ in range(3 * LIMIT):
            admission = when_asked(desk, task=1)
            assert isinstance(admission, Admitted)
            numbers.append(admission.request.quota.used)
            history = controls.history(controls.cancelled(), asked=admission.request)
            desk = given_desk((history[0], history[-1]))

        assert all(before == after == 1 for before, after in pairwise(numbers))
