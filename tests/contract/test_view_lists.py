"""What every view store promises about lists, and that MongoDB answers them from an index."""

from collections.abc import AsyncIterator, Collection, Sequence
from typing import Any, Final

import msgspec
import pytest
from pymongo import AsyncMongoClient

from events.task import Status, Task
from projections.mongo import TASK_VIEWS, MongoViewStore, apply_indexes
from projections.store import ViewStore
from tests import controls

VISIBLE: Final = tuple(status for status in Status if status is not Status.REMOVED)
COUNT: Final = 240
USERS: Final = 3


def views() -> list[Task]:
    """Views of three users, in all statuses, written in no order."""
    scribe = controls.Scribe()
    _ = scribe.request(controls.request())
    begun = scribe.tasks[controls.task_id()]
    statuses = list(Status)
    made = [
        msgspec.structs.replace(
            begun,
            task_id=controls.task_id(number),
            user_key=controls.user_key(number % USERS),
            status=statuses[number // USERS % len(statuses)],
            # As far apart as positions of a shared log are.
            requested_position=number * 1_000_000_007,
            position=number * 1_000_000_007 + 1,
        )
        for number in range(1, COUNT + 1)
    ]
    return made[::2] + made[1::2]


VIEWS: Final = views()


def expected(
    *, user: int, statuses: Collection[Status], before: int | None, limit: int
) -> Sequence[Task]:
    """The page, by definition."""
    matching = [
        task
        for task in VIEWS
        if task.user_key == controls.user_key(user)
        and task.status in statuses
        and (before is None or task.requested_position < before)
    ]
    return sorted(matching, key=lambda task: -task.requested_position)[:limit]


PAGES: Final = [
    pytest.param(statuses, before, limit, id=f"{name}-{before}-{limit}")
    for name, statuses in {
        "all": VISIBLE,
        "active": (Status.RETRYING, Status.PENDING, Status.PROCESSING),
        "one": (Status.COMPLETED,),
    }.items()
    for before in (None, 150 * 1_000_000_007, 2)
    for limit in (1, 11, 251)
]


@pytest.mark.parametrize(("statuses", "before", "limit"), PAGES)
async def test_a_page_is_the_newest_of_one_user_in_order(
    store: ViewStore, statuses: Collection[Status], before: int | None, limit: int
) -> None:
    """Newest first, strictly before the position, in these statuses only, nobody else's."""
    await store.write(VIEWS)

    listed = await store.list_tasks(
        user_key=controls.user_key(1), statuses=statuses, before=before, limit=limit
    )

    assert list(listed) == expected(user=1, statuses=statuses, before=before, limit=limit)


async def test_a_user_without_tasks_has_an_empty_page(store: ViewStore) -> None:
    """Nothing is no error."""
    await store.write(VIEWS)

    listed = await store.list_tasks(
        user_key=controls.user_key(USERS), statuses=VISIBLE, before=None, limit=10
    )

    assert list(listed) == []


async def test_removed_tasks_cannot_be_asked_for(store: ViewStore) -> None:
    """It would be an error of ours."""
    with pytest.raises(AssertionError):
        _ = await store.list_tasks(
            user_key=controls.user_key(1), statuses=[Status.REMOVED], before=None, limit=10
        )


@pytest.fixture
async def profiled(
    mongo: MongoViewStore, mongo_url: str, database: str
) -> AsyncIterator[tuple[MongoViewStore, AsyncMongoClient[dict[str, Any]]]]:
    """The real store with its indexes and many views, and a server that notes how it answers."""
    await apply_indexes(url=mongo_url, database=database)
    await mongo.write(VIEWS)
    client: AsyncMongoClient[dict[str, Any]]
    async with AsyncMongoClient(mongo_url) as client:
        _ = await client[database].command("profile", 2)
        yield mongo, client
        _ = await client[database].command("profile", 0)


@pytest.mark.parametrize(("statuses", "before", "limit"), PAGES)
async def test_a_page_is_read_from_an_index_in_its_order(
    profiled: tuple[MongoViewStore, AsyncMongoClient[dict[str, Any]]],
    database: str,
    statuses: Collection[Status],
    before: int | None,
    limit: int,
) -> None:
    """The server scans no collection, sorts nothing, and reads no view in vain."""
    store, client = profiled

    listed = await store.list_tasks(
        user_key=controls.user_key(1), statuses=statuses, before=before, limit=limit
    )
    notes = await client[database]["system.profile"].find({"op": "query"}).to_list()
    [note] = [one for one in notes if one["ns"] == f"{database}.{TASK_VIEWS}"]

    assert _stages(note["execStats"]) <= {"IXSCAN", "SORT_MERGE", "FETCH", "LIMIT"}
    assert "hasSortStage" not in note
    assert note["cursorExhausted"]
    assert note["docsExamined"] == len(listed)
    assert note["keysExamined"] <= len(listed) + len(statuses)


def _stages(stage: dict[str, Any]) -> set[str]:
    below = [stage["inputStage"]] if "inputStage" in stage else stage.get("inputStages", [])
    return {stage["stage"]}.union(*(_stages(one) for one in below))
