"""What every event log promises: run on memory and on real JetStream."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from events.codec import decode, encode
from events.log import AppendConflict, EventLog, StoredEvent
from events.task import RecordedEvent, TaskCancelled, TaskRemoved, fold, next_event
from services.adapters.jetstream import JetStreamConnection
from services.adapters.jetstream_log import JetStreamLog
from services.adapters.memory import MemoryLog
from tests.desks import new_desk, requested_event, stamp
from tests.servers import Servers


@pytest.fixture(params=["memory", "jetstream"])
async def log(
    request: pytest.FixtureRequest,
) -> AsyncIterator[EventLog]:
    """An event log; the real one holds other tests' events as well."""
    if request.param == "memory":
        yield MemoryLog()
        return
    servers: Servers = request.getfixturevalue("servers")
    connection = await JetStreamConnection.open(servers.nats("admin"), name="contract")
    yield JetStreamLog(connection)
    await connection.close()


async def begin(log: EventLog, user_key: str, *, expected_position: int = 0) -> RecordedEvent:
    """Append the request of a new task."""
    return await log.append(
        requested_event(), user_key=user_key, expected_position=expected_position
    )


async def cancel(log: EventLog, recorded: RecordedEvent) -> RecordedEvent:
    """Append the cancellation of a task right behind an event of it."""
    task = fold((recorded,))
    assert task is not None
    change = TaskCancelled(reason="test", quota_refunded=True)
    event = next_event(task, change, stamp=stamp())
    return await log.append(event, user_key=recorded.user_key, expected_position=recorded.position)


async def following(log: EventLog, *, after: int, count: int) -> list[StoredEvent]:
    """The next `count` events behind a position."""
    found: list[StoredEvent] = []
    async with asyncio.timeout(10), aclosing(log.follow(after=after)) as batches:
        async for batch in batches:
            found.extend(batch)
            if len(found) >= count:
                break
    return found


class TestAppend:
    """Appending with an expected position."""

    async def test_an_append_is_read_back_with_the_same_bytes(self, log: EventLog) -> None:
        """What was appended is what lies at the position that was returned."""
        event = requested_event()

        recorded = await log.append(event, user_key=new_desk(), expected_position=0)
        stored = await log.read_at(recorded.position)

        assert stored is not None
        assert stored.body == encode(event)
        assert decode(stored) == recorded

    async def test_a_stale_position_is_refused_and_writes_nothing(self, log: EventLog) -> None:
        """Whoever decided on an older desk must decide again."""
        desk = new_desk()
        first = await begin(log, desk)

        with pytest.raises(AppendConflict):
            await begin(log, desk, expected_position=0)

        assert (await log.read_desk(desk)).position == first.position

    async def test_the_guard_is_the_desk_and_not_the_task(self, log: EventLog) -> None:
        """Another task of the same user moves the desk; another user's does not."""
        desk = new_desk()
        first = await begin(log, desk)
        second = await begin(log, desk, expected_position=first.position)
        await begin(log, new_desk())

        with pytest.raises(AppendConflict):
            await begin(log, desk, expected_position=first.position)
        third = await begin(log, desk, expected_position=second.position)

        assert third.position > second.position

    async def test_the_same_event_again_is_the_same_append(self, log: EventLog) -> None:
        """A retry whose first try had landed is told where, even behind newer events."""
        desk = new_desk()
        event = requested_event()
        first = await log.append(event, user_key=desk, expected_position=0)
        await cancel(log, first)

        again = await log.append(event, user_key=desk, expected_position=0)

        assert again == first
        assert len(await log.read_history(user_key=desk, task_id=first.task_id)) == 2

    async def test_fifty_writers_have_one_winner(self, log: EventLog) -> None:
        """Of simultaneous appends at one position exactly one is written."""
        desk = new_desk()

        outcomes = await asyncio.gather(
            *(begin(log, desk) for _ in range(50)), return_exceptions=True
        )

        winners = [one for one in outcomes if isinstance(one, RecordedEvent)]
        losers = [one for one in outcomes if isinstance(one, AppendConflict)]
        assert (len(winners), len(losers)) == (1, 49)
        assert (await log.read_desk(desk)).position == winners[0].position


class TestReading:
    """Reading desks, tasks and positions."""

    async def test_an_empty_desk_has_position_zero(self, log: EventLog) -> None:
        """A new user's first append expects position 0."""
        reading = await log.read_desk(new_desk())

        assert (reading.position, reading.newest, reading.replayed) == (0, (), ())

    async def test_a_desk_shows_the_newest_task_by_its_ends(self, log: EventLog) -> None:
        """The first and the last event of the newest task, and the last position of all."""
        desk = new_desk()
        first = await begin(log, desk)
        ended = await cancel(log, first)
        newest = await begin(log, desk, expected_position=ended.position)
        last = await cancel(log, newest)

        reading = await log.read_desk(desk)

        assert reading.position == last.position
        assert reading.newest == (newest, last)

    async def test_a_finished_task_is_removed_while_another_is_active(self, log: EventLog) -> None:
        """The newest task is still found when an older one was removed after it."""
        desk = new_desk()
        first = await begin(log, desk)
        ended = await cancel(log, first)
        newest = await begin(log, desk, expected_position=ended.position)
        task = fold((first, ended))
        assert task is not None
        event = next_event(task, TaskRemoved(quota_refunded=True), stamp=stamp())
        removed = await log.append(event, user_key=desk, expected_position=newest.position)

        reading = await log.read_desk(desk)

        assert reading.position == removed.position
        assert reading.newest == (newest,)

    async def test_the_newest_task_was_removed(self, log: EventLog) -> None:
        """A removed task is still the newest: its ledger line counts on."""
        desk = new_desk()
        first = await begin(log, desk)
        ended = await cancel(log, first)
        task = fold((first, ended))
        assert task is not None
        event = next_event(task, TaskRemoved(quota_refunded=True), stamp=stamp())
        removed = await log.append(event, user_key=desk, expected_position=ended.position)

        reading = await log.read_desk(desk)

        assert reading.newest == (first, removed)

    async def test_a_replayed_task_is_found_by_its_id(self, log: EventLog) -> None:
        """A task asked for by id comes with the desk, whether or not it is the newest."""
        desk = new_desk()
        first = await begin(log, desk)
        ended = await cancel(log, first)
        await begin(log, desk, expected_position=ended.position)

        reading = await log.read_desk(desk, replay_of=first.task_id)

        assert reading.replayed == (first, ended)

    async def test_a_task_is_its_owner_s_only(self, log: EventLog) -> None:
        """Another user's key finds nothing, and so does an unknown task."""
        first = await begin(log, new_desk())

        assert await log.read_task(user_key=new_desk(), task_id=first.task_id) is None
        reading = await log.read_task(user_key=first.user_key, task_id=first.task_id)

        assert reading is not None
        assert reading.events == (first,)
        assert reading.position == first.position

    async def test_a_task_comes_with_its_desk_s_position(self, log: EventLog) -> None:
        """The position to append at is the desk's, also when the task has not moved."""
        desk = new_desk()
        first = await begin(log, desk)
        newest = await begin(log, desk, expected_position=first.position)

        reading = await log.read_task(user_key=desk, task_id=first.task_id)

        assert reading is not None
        assert reading.events == (first,)
        assert reading.position == newest.position

    async def test_a_tail_is_what_lies_behind_a_position(self, log: EventLog) -> None:
        """One user's events of all tasks, oldest first, and no other user's among them."""
        desk = new_desk()
        first = await begin(log, desk)
        _ = await begin(log, new_desk())
        ended = await cancel(log, first)
        _ = await begin(log, new_desk())
        newest = await begin(log, desk, expected_position=ended.position)

        tails = [
            await log.read_desk_tail(desk, after=after, limit=10)
            for after in (0, first.position, ended.position - 1, ended.position)
        ]

        assert tails == [(first, ended, newest), (ended, newest), (ended, newest), (newest,)]

    async def test_a_tail_is_there_as_soon_as_it_is_appended(self, log: EventLog) -> None:
        """Every append shows at once, and behind the last event there is nothing."""
        desk = new_desk()
        assert await log.read_desk_tail(desk, after=0, limit=10) == ()
        last = await begin(log, desk)

        for _ in range(20):
            after = last.position
            last = await begin(log, desk, expected_position=after)
            assert await log.read_desk_tail(desk, after=after, limit=10) == (last,)

        assert await log.read_desk_tail(desk, after=last.position, limit=10) == ()
        assert await log.read_desk_tail(desk, after=last.position + 10_000, limit=10) == ()

    async def test_a_tail_is_cut_at_its_limit(self, log: EventLog) -> None:
        """The oldest events of a long tail come, and no more than were asked for."""
        desk = new_desk()
        first = await begin(log, desk)
        ended = await cancel(log, first)
        _ = await begin(log, desk, expected_position=ended.position)

        assert await log.read_desk_tail(desk, after=0, limit=2) == (first, ended)

    async def test_a_history_is_complete_and_chained(self, log: EventLog) -> None:
        """Every event of the task in order, each with the hash of the one before it."""
        first = await begin(log, new_desk())
        await cancel(log, first)

        history = await log.read_history(user_key=first.user_key, task_id=first.task_id)

        events = [decode(stored) for stored in history]
        assert [one.event.sequence for one in events] == ["0000000001", "0000000002"]
        assert events[1].event.previoushash == events[0].hash

    async def test_nothing_lies_beyond_the_head(self, log: EventLog) -> None:
        """The head is the last position there is."""
        recorded = await begin(log, new_desk())

        head = await log.head()

        assert head == recorded.position
        assert await log.read_at(head + 1) is None


class TestFollowing:
    """Following the log."""

    async def test_what_is_there_comes_in_order(self, log: EventLog) -> None:
        """Events behind a position come once each, oldest first."""
        after = await log.head()
        appended = [await begin(log, new_desk()) for _ in range(5)]

        found = await following(log, after=after, count=5)

        assert [decode(one) for one in found] == appended

    async def test_what_comes_later_comes_too(self, log: EventLog) -> None:
        """A follower that has caught up is told of new events."""
        after = await log.head()
        waiting = asyncio.create_task(following(log, after=after, count=3))

        appended = [await begin(log, new_desk()) for _ in range(3)]
        found = await waiting

        assert [decode(one) for one in found] == appended

    async def test_following_goes_on_from_any_position(self, log: EventLog) -> None:
        """A follower that begins in the middle misses nothing and repeats nothing."""
        after = await log.head()
        appended = [await begin(log, new_desk()) for _ in range(4)]

        found = await following(log, after=after + 2, count=2)

        assert [decode(one) for one in found] == appended[2:]
