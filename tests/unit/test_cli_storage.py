"""`refinery storage verify`: differences from the log are found, work under way is left alone."""

import hashlib
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from events.log import LogUnavailable
from events.task import TaskCancelled, TaskCompleted, TaskProcessing, TaskRemoved
from services.adapters.storage import (
    RESULTS,
    ObjectStore,
    StorageUnavailable,
    result_key,
    thumbnail_key,
    vector_key,
)
from services.cli.storage import report
from services.cli.storage_audit import AT_ONCE, StorageAudit
from tests import controls
from tests.desks import IDENTIFIERS, new_desk
from tests.unit.reactor.workbench import Workbench

DAY = timedelta(days=1)
BODY = b"a picture"


@pytest.fixture
def bench() -> Workbench:
    """A log, a bucket, and somebody who appends."""
    return Workbench()


async def test_results_as_recorded_are_no_difference(
    bench: Workbench, capsys: pytest.CaptureFixture[str]
) -> None:
    """More of them than are read at once."""
    for _ in range(AT_ONCE * 3):
        await complete(bench, BODY)

    assert await run(bench) == 0

    count = AT_ONCE * 3
    assert capsys.readouterr().out == (
        f"{count} pictures verified, 0 differ; {count} objects listed, 0 orphans, 0 removed\n"
    )


async def test_a_thumbnail_is_verified_like_its_picture(
    bench: Workbench, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is no orphan, and it is missing where it is not."""
    requested = await bench.request()
    await bench.handle_next()
    owner = {"user_key": requested.user_key, "task_id": requested.task_id}
    key = thumbnail_key(**owner, attempt=1)
    await bench.store.delete(key)

    await run(bench)

    told = capsys.readouterr().out
    assert f"differs: {key}: missing" in told
    assert "1 objects listed, 0 orphans" in told


async def test_an_svg_is_verified_and_swept_like_its_picture(
    bench: Workbench, capsys: pytest.CaptureFixture[str]
) -> None:
    """Damage of it is a difference; one of an attempt that lost is an orphan that is removed."""
    bench.engine.is_flat = True
    requested = await bench.request()
    await bench.handle_next()
    owner = {"user_key": requested.user_key, "task_id": requested.task_id}
    damaged, lost = vector_key(**owner, attempt=1), vector_key(**owner, attempt=2)
    await bench.store.put(damaged, b"<bad/>", content_type="image/svg+xml")
    await bench.store.put(lost, b"<svg/>", content_type="image/svg+xml")
    bench.store.modified_at[lost] -= timedelta(days=2)

    await run(bench, older_than=timedelta(days=1))

    told = capsys.readouterr().out
    assert f"differs: {damaged}: sha256" in told
    assert f"removed: {lost}: lost" in told
    assert lost not in bench.store.objects
    assert "3 pictures verified" in told


@pytest.mark.parametrize(
    ("stored", "reason"),
    [
        (None, "missing"),
        (BODY + b"x", "more than the 9 bytes recorded"),
        (BODY[:-1], "8 bytes, 9 recorded"),
        (BODY[::-1], "sha256 "),
    ],
)
async def test_each_difference_is_told(
    bench: Workbench, capsys: pytest.CaptureFixture[str], stored: bytes | None, reason: str
) -> None:
    """With the key and what differs; the others are right."""
    await complete(bench, BODY)
    key = await complete(bench, BODY)
    if stored is None:
        await bench.store.delete(key)
    else:
        await bench.store.put(key, stored, content_type="image/png")

    assert await run(bench) == 1

    [line] = [line for line in capsys.readouterr().out.splitlines() if line.startswith("differs")]
    assert line.startswith(f"differs: {key}: {reason}")


async def test_a_removed_task_s_result_is_no_orphan(bench: Workbench) -> None:
    """History stays, and names it."""
    requested = await bench.request()
    await bench.append(requested, TaskProcessing(attempt=1, worker="w", engine="local"))
    key = result_key(user_key=requested.user_key, task_id=requested.task_id, attempt=1)
    await finish(bench, key, BODY)
    await bench.append(requested, completed_with(key, BODY))
    await bench.append(requested, TaskRemoved(quota_refunded=False))

    assert await swept_by(bench, older_than=timedelta(0)) == []


async def test_an_attempt_under_way_keeps_its_object(bench: Workbench) -> None:
    """Stored and not yet recorded, however old: it may still be."""
    requested = await bench.request()
    await bench.append(requested, TaskProcessing(attempt=1, worker="w", engine="local"))
    key = result_key(user_key=requested.user_key, task_id=requested.task_id, attempt=1)
    await finish(bench, key, BODY, age=DAY * 30)

    assert await swept_by(bench, older_than=DAY) == []


async def test_an_attempt_that_lost_is_swept_once_it_is_old(bench: Workbench) -> None:
    """The task has moved on: no event will ever name the object."""
    requested = await bench.request()
    await bench.append(requested, TaskProcessing(attempt=1, worker="w", engine="local"))
    key = result_key(user_key=requested.user_key, task_id=requested.task_id, attempt=1)
    await finish(bench, key, BODY, age=DAY / 2)
    await bench.append(requested, TaskCancelled(reason="owner", quota_refunded=False))

    young = await swept_by(bench, older_than=DAY)
    old = await swept_by(bench, older_than=DAY / 3)

    assert young == []
    assert old == [key]


async def test_without_sweep_nothing_is_removed(
    bench: Workbench, capsys: pytest.CaptureFixture[str]
) -> None:
    """Orphans are told, and are no difference."""
    requested = await bench.request()
    await bench.append(requested, TaskCancelled(reason="owner", quota_refunded=False))
    key = result_key(user_key=requested.user_key, task_id=requested.task_id, attempt=1)
    await finish(bench, key, BODY, age=DAY * 30)

    assert await run(bench) == 0

    assert await bench.store.exists(key)
    assert f"orphan: {key}: lost, 9 bytes" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["task", "stranger.txt"])
async def test_what_this_log_does_not_know_is_never_swept(
    bench: Workbench, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """It may be another log's, or this one was rolled back."""
    await complete(bench, BODY)
    key = result_key(user_key=new_desk(), task_id=IDENTIFIERS.task_id(), attempt=1)
    key = key if name == "task" else f"{RESULTS}{name}"
    await finish(bench, key, BODY, age=DAY * 30)

    assert await swept_by(bench, older_than=DAY) == []

    assert f"orphan: {key}: unknown" in capsys.readouterr().out


async def test_an_empty_log_is_verified_at_once(bench: Workbench) -> None:
    """There is nothing to wait for."""
    assert await run(bench) == 0


async def test_a_store_that_is_away_ends_it(bench: Workbench) -> None:
    """An outage is not a thousand missing pictures."""
    await complete(bench, BODY)
    bench.store.is_available = False

    with pytest.raises(StorageUnavailable):
        await run(bench)


async def test_a_log_that_is_away_ends_it(bench: Workbench) -> None:
    """Without it every object would look like an orphan."""
    key = await complete(bench, BODY)
    head = await bench.log.head()
    bench.log.is_available = False

    with pytest.raises(LogUnavailable):
        await report(new_audit(bench), bench.store, head=head, sweep_older_than=timedelta(0))

    assert await bench.store.exists(key)


def new_audit(bench: Workbench) -> StorageAudit:
    """An audit of the bench's log and bucket."""
    return StorageAudit(log=bench.log, store=bench.store)


async def run(bench: Workbench, *, older_than: timedelta | None = None) -> int:
    """Verify, and return how many differences there are. Uploads are of no interest."""
    head = await bench.log.head()
    return await report(new_audit(bench), bench.store, head=head, sweep_older_than=older_than)


async def swept_by(bench: Workbench, *, older_than: timedelta) -> list[str]:
    """The keys that a sweep removed."""
    before = await keys_of(bench.store)
    await run(bench, older_than=older_than)
    after = await keys_of(bench.store)
    return sorted(before - after)


async def keys_of(store: ObjectStore) -> set[str]:
    """What is in the bucket."""
    return {listed.key async for listed in store.keys("")}


async def finish(bench: Workbench, key: str, body: bytes, *, age: timedelta = timedelta(0)) -> None:
    """Store a result."""
    await bench.store.put(key, body, content_type="image/png")
    bench.store.modified_at[key] = datetime.now(UTC) - age


async def complete(bench: Workbench, body: bytes) -> str:
    """A task that has completed; the key of its result."""
    requested = await bench.request()
    await bench.append(requested, TaskProcessing(attempt=1, worker="w", engine="local"))
    key = result_key(user_key=requested.user_key, task_id=requested.task_id, attempt=1)
    await finish(bench, key, body)
    await bench.append(requested, completed_with(key, body))
    return key


def completed_with(key: str, body: bytes) -> TaskCompleted:
    """The event that names a result."""
    completed = controls.completed()
    digest = hashlib.sha256(body).hexdigest()
    image = msgspec.structs.replace(completed.image, key=key, bytes=len(body), sha256=digest)
    return msgspec.structs.replace(completed, image=image)
