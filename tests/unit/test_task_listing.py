"""A list is right however far the views lag behind, and whatever happens while it is made."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from events.log import LogUnavailable
from events.task import (
    CloudEvent,
    RecordedEvent,
    Status,
    Task,
    TaskCancelled,
    TaskCompleted,
    TaskEvent,
    TaskFailed,
    TaskProcessing,
    TaskRemoved,
    TaskRetrying,
    evolve,
    first_event,
    next_event,
)
from projections.memory import MemoryViewStore
from projections.store import Checkpoint, ViewsUnavailable
from services.adapters.memory import MemoryLog
from services.api.list_requests import STATUSES, ListRequest
from services.api.listing import TAIL_EVENTS_MAX, TaskListing, ViewsBehind
from tests import controls
from tests.strategies import LEGAL
from tests.unit.projecting import project

USERS: Final = 2
CHANGES: Final[Mapping[type[TaskEvent], TaskEvent]] = {
    TaskProcessing: controls.processing(),
    TaskRetrying: controls.retrying(),
    TaskCompleted: controls.completed(),
    TaskFailed: controls.failed(),
    TaskCancelled: controls.cancelled(),
    TaskRemoved: controls.removed(),
}


class Office:
    """Users, their tasks as the log has them, and views that follow when they are told to."""

    def __init__(self, log: MemoryLog | None = None, views: MemoryViewStore | None = None) -> None:
        self.log = log or MemoryLog()
        self.views = views or MemoryViewStore()
        self.tasks: dict[str, Task] = {}
        self._steps = 0

    def listing(self, *, tail_events_max: int = TAIL_EVENTS_MAX) -> TaskListing:
        """What is tested."""
        return TaskListing(log=self.log, views=self.views, tail_events_max=tail_events_max)

    async def request(self, user: int = 1) -> str:
        """Begin a task; its id."""
        asked = controls.request(len(self.tasks) + 1, user=user)
        event = first_event(asked, stamp=controls.stamp(self._steps), correlation_id="test")
        return await self._append(event, controls.user_key(user))

    async def change(self, task_id: str, change: TaskEvent) -> None:
        """Continue a task."""
        task = self.tasks[task_id]
        event = next_event(task, change, stamp=controls.stamp(self._steps))
        _ = await self._append(event, task.user_key)

    async def _append(self, event: CloudEvent[TaskEvent], user_key: str) -> str:
        self._steps += 1
        desk = await self.log.read_desk(user_key)
        recorded = await self.log.append(event, user_key=user_key, expected_position=desk.position)
        task = evolve(self.tasks.get(recorded.task_id), recorded)
        assert task is not None
        self.tasks[task.task_id] = task
        return task.task_id

    def matching(self, request: ListRequest, *, user: int = 1) -> list[Task]:
        """All that the page and the pages behind it are to show, by definition."""
        matching = [
            task
            for task in self.tasks.values()
            if task.user_key == controls.user_key(user)
            and task.status in request.statuses
            and (request.before is None or task.requested_position < request.before)
        ]
        return sorted(matching, key=lambda task: -task.requested_position)


Step = Callable[[Office], Awaitable[object]]


def a_request(user: int) -> Step:
    """Somebody begins a task."""
    return lambda office: office.request(user)


def a_change(index: int, choice: int) -> Step:
    """Some task moves on, if there is one that can."""

    async def change(office: Office) -> None:
        tasks = list(office.tasks.values())
        task = tasks[index % len(tasks)] if tasks else None
        legal = LEGAL[task.status] if task is not None else ()
        if task is not None and legal:
            await office.change(task.task_id, CHANGES[legal[choice % len(legal)]])

    return change


def a_projection(count: int) -> Step:
    """The views follow by some events."""
    return lambda office: project(office.log, office.views, count=count)


arrivals: Final[st.SearchStrategy[Step]] = st.builds(a_request, st.integers(1, USERS)) | st.builds(
    a_projection, st.integers(1, 6)
)
steps: Final = arrivals | st.builds(a_change, st.integers(0, 30), st.integers(0, 5))
# Some tasks that the views have, so that what follows changes them behind the checkpoint.
stories: Final = st.builds(
    lambda count, followed: [a_request(1)] * count + [a_projection(count)] + followed,
    st.integers(0, 8),
    st.lists(steps, max_size=30),
)
statuses: Final = st.just(frozenset(STATUSES)) | st.frozensets(
    st.sampled_from(STATUSES), min_size=1
)
requests: Final = st.builds(
    ListRequest,
    statuses=statuses,
    limit=st.integers(1, 8),
    before=st.none() | st.integers(1, 40),
)


@given(story=stories, request=requests, user=st.integers(1, USERS))
async def test_a_page_is_what_the_log_says(
    story: Sequence[Step], request: ListRequest, user: int
) -> None:
    """The newest of one user's tasks in these statuses, wherever the views stand."""
    office = Office()
    for step in story:
        _ = await step(office)

    page = await office.listing().page(request, user_key=controls.user_key(user))

    matching = office.matching(request, user=user)
    assert list(page.tasks) == matching[: request.limit]
    assert page.has_more == (len(matching) > request.limit)


@given(
    story=stories,
    meanwhile=st.lists(st.lists(arrivals, max_size=4), max_size=20),
    statuses=statuses,
    limits=st.lists(st.integers(1, 6), min_size=1),
)
async def test_pages_hold_each_task_once_while_others_arrive(
    story: Sequence[Step],
    meanwhile: Sequence[Sequence[Step]],
    statuses: frozenset[Status],
    limits: Sequence[int],
) -> None:
    """From page to page to the end, of whatever sizes: what was there, newest first, no more."""
    office = Office()
    for step in story:
        _ = await step(office)
    there = office.matching(ListRequest(statuses=statuses))

    seen: list[Task] = []
    chunks = iter(meanwhile)
    before: int | None = None
    has_more = True
    while has_more and len(seen) <= len(there):
        limit = limits[len(seen) % len(limits)]
        request = ListRequest(statuses=statuses, limit=limit, before=before)
        page = await office.listing().page(request, user_key=controls.user_key())
        seen.extend(page.tasks)
        has_more = page.has_more
        before = seen[-1].requested_position if seen else None
        for step in next(chunks, ()):
            _ = await step(office)

    assert seen == there


class Meddler:
    """Lets something happen between one call of a listing and the next."""

    def __init__(self, meanwhile: Collection[Sequence[Step]]) -> None:
        self.office: Office | None = None
        self._meanwhile = list(meanwhile)

    async def meddle(self) -> None:
        """Play the next steps, once the office is told; these are not meddled with."""
        if self.office is None or not self._meanwhile:
            return
        office, self.office = self.office, None
        for step in self._meanwhile.pop(0):
            _ = await step(office)
        self.office = office


class MeddledViews(MemoryViewStore):
    """Views that move between a listing's calls."""

    def __init__(self, meddler: Meddler) -> None:
        super().__init__()
        self._meddler = meddler

    @override
    async def read_checkpoint(self) -> Checkpoint | None:
        await self._meddler.meddle()
        return await super().read_checkpoint()

    @override
    async def load(self, task_ids: Collection[str]) -> Mapping[str, Task]:
        await self._meddler.meddle()
        return await super().load(task_ids)

    @override
    async def list_tasks(
        self, *, user_key: str, statuses: Collection[Status], before: int | None, limit: int
    ) -> Sequence[Task]:
        await self._meddler.meddle()
        return await super().list_tasks(
            user_key=user_key, statuses=statuses, before=before, limit=limit
        )


class MeddledLog(MemoryLog):
    """A log that moves between a listing's calls."""

    def __init__(self, meddler: Meddler) -> None:
        super().__init__()
        self._meddler = meddler

    @override
    async def read_desk_tail(
        self, user_key: str, *, after: int, limit: int
    ) -> tuple[RecordedEvent, ...]:
        await self._meddler.meddle()
        return await super().read_desk_tail(user_key, after=after, limit=limit)


@given(
    story=stories,
    meanwhile=st.lists(st.lists(steps, max_size=6), min_size=4, max_size=4),
    statuses=statuses,
)
async def test_a_page_is_right_while_everything_moves(
    story: Sequence[Step], meanwhile: Sequence[Sequence[Step]], statuses: frozenset[Status]
) -> None:
    """What stands still is told as it is; what moves, no older than before and no newer than is."""
    meddler = Meddler(meanwhile)
    office = Office(MeddledLog(meddler), MeddledViews(meddler))
    for step in story:
        _ = await step(office)
    earlier = dict(office.tasks)
    meddler.office = office

    page = await office.listing().page(
        ListRequest(statuses=statuses, limit=50), user_key=controls.user_key()
    )

    later = {task.task_id: task for task in office.matching(ListRequest(statuses=statuses))}
    listed = {task.task_id: task for task in page.tasks}
    positions = [task.requested_position for task in page.tasks]
    assert positions == sorted(set(positions), reverse=True)
    for task_id, task in listed.items():
        assert (task.status in statuses, task.user_key) == (True, controls.user_key())
        first = earlier[task_id].version if task_id in earlier else 1
        assert first <= task.version <= office.tasks[task_id].version
    for task_id, task in earlier.items():
        if office.tasks[task_id] == task:
            assert listed.get(task_id) == later.get(task_id)


async def test_what_the_tail_takes_away_is_made_up_for() -> None:
    """A page is full, and knows of the next one, though all it had in the views has moved on."""
    office = Office()
    tasks = [await office.request() for _ in range(9)]
    await project(office.log, office.views)
    for task_id in tasks[3:]:
        await office.change(task_id, controls.cancelled())
    pending = frozenset({Status.PENDING})

    pages = [
        await office.listing().page(
            ListRequest(statuses=pending, limit=limit), user_key=controls.user_key()
        )
        for limit in (2, 3)
    ]

    shown = [[task.task_id for task in page.tasks] for page in pages]
    assert shown == [[tasks[2], tasks[1]], [tasks[2], tasks[1], tasks[0]]]
    assert [page.has_more for page in pages] == [True, False]


async def test_a_long_tail_is_followed_up_to_its_bound() -> None:
    """One event more is an outage rather than a wrong list; the views' progress ends it."""
    office = Office()
    for _ in range(4):
        _ = await office.request()
    listing = office.listing(tail_events_max=3)

    with pytest.raises(ViewsBehind) as caught:
        _ = await listing.page(ListRequest(), user_key=controls.user_key())
    await project(office.log, office.views, count=1)
    page = await listing.page(ListRequest(), user_key=controls.user_key())

    assert caught.value.events_max == 3
    assert list(page.tasks) == office.matching(ListRequest())


async def test_other_users_make_no_tail_long() -> None:
    """A busy log says nothing about a desk on which nothing happened."""
    office = Office()
    _ = await office.request()
    await project(office.log, office.views)
    for _ in range(10):
        _ = await office.request(user=2)

    page = await office.listing(tail_events_max=0).page(ListRequest(), user_key=controls.user_key())

    assert list(page.tasks) == office.matching(ListRequest())


async def test_without_the_log_there_is_no_list() -> None:
    """Views alone cannot say that they lack nothing."""
    office = Office()
    _ = await office.request()
    await project(office.log, office.views)
    office.log.is_available = False

    with pytest.raises(LogUnavailable):
        _ = await office.listing().page(ListRequest(), user_key=controls.user_key())


async def test_without_the_views_there_is_no_list() -> None:
    """A log is not searched for all that a user ever asked for."""
    office = Office()
    _ = await office.request()
    office.views.is_available = False

    with pytest.raises(ViewsUnavailable):
        _ = await office.listing().page(ListRequest(), user_key=controls.user_key())
