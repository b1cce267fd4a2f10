"""The refinement worker: reacts to each request by doing the work and recording what became of it.

A request is acknowledged only when its task has ended. A worker owns an attempt from the position
of its own `TaskProcessing`: as long as that is the task's last event nobody else has taken the
task, and otherwise the log refuses its result. So a slow or frozen worker can never overwrite a
newer fact; and it looks again and again whether the task is still its own, and stops if it is not.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from enum import StrEnum
from typing import Final, assert_never

import msgspec
import structlog

from events.codec import UnreadableEvent, decode
from events.failures import FAILURE_RULES, FailureCode
from events.log import AppendConflict, Delivery, EventLog, LogError, TaskReading
from events.subjects import InvalidSubject, parse_subject
from events.task import (
    Task,
    TaskCompleted,
    TaskEvent,
    TaskFailed,
    TaskProcessing,
    TaskRetrying,
    evolve,
    fold,
    next_event,
)
from services.adapters.storage import StorageUnavailable
from services.refinement.attempts import Attempts
from services.refinement.calls import NEEDS_OPERATOR, UNPAID, count_calls
from services.refinement.failures import RefinementFailure
from services.refinement.next_step import Attempt, Fail, Forget, Wait, next_step
from services.refinement.offers import Offer, Offers
from services.refinement.ownership import TaskLost, while_owned
from services.runtime.clock import Stamper
from services.runtime.retries import Backoff

HEARTBEAT_S: Final = 3.0
DECISIONS_MAX: Final = 8
OUTAGE_DELAY_S: Final = 2.0
HANDOVER_DELAY_S: Final = 0.05
UNREADABLE_DELAY_S: Final = 60.0

_log = structlog.get_logger()


class Result(StrEnum):
    """What became of a delivery."""

    DONE = "done"
    POSTPONED = "postponed"
    LOST = "lost"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a delivery, and when to hand it out again if it was postponed."""

    result: Result
    delay_s: float = 0.0


DONE: Final = Outcome(result=Result.DONE)
LOST: Final = Outcome(result=Result.LOST)


class _Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """Why an attempt failed, in the terms of the log."""

    code: FailureCode
    is_transient: bool
    reason: str = ""
    retry_after_s: float = 0.0


class Reactor:
    """Handles deliveries, one at a time for each slot that calls it."""

    def __init__(
        self,
        *,
        log: EventLog,
        attempts: Attempts,
        offers: Offers,
        stamper: Stamper,
        worker: str,
        attempts_max: int,
        backoff: Backoff,
    ) -> None:
        self._event_log = log
        self._attempts = attempts
        self._offers = offers
        self._stamper = stamper
        self._worker = worker
        self._attempts_max = attempts_max
        self._backoff = backoff

    async def handle(self, delivery: Delivery) -> Outcome:
        """Do what a request needs now, answer the queue, and say what became of it."""
        try:
            place = parse_subject(delivery.stored.subject)
        except InvalidSubject as error:
            _log.error("task.refinement.unreadable", reason=str(error))
            await delivery.postpone(UNREADABLE_DELAY_S)
            return Outcome(result=Result.POSTPONED, delay_s=UNREADABLE_DELAY_S)
        with structlog.contextvars.bound_contextvars(
            task_id=place.task_id, user_key=place.user_key, delivery=delivery.count
        ):
            try:
                async with _kept_alive(delivery):
                    outcome = await self._react(place.user_key, place.task_id)
            except LogError as error:
                _log.warning("task.refinement.interrupted", reason=str(error))
                outcome = Outcome(result=Result.POSTPONED, delay_s=OUTAGE_DELAY_S)
            except UnreadableEvent as error:
                _log.error("task.refinement.unreadable", reason=str(error))
                outcome = Outcome(result=Result.POSTPONED, delay_s=UNREADABLE_DELAY_S)
            except asyncio.CancelledError:
                _log.info("task.refinement.handed_back")
                await delivery.postpone(HANDOVER_DELAY_S)
                raise
            await _answer(delivery, outcome)
        return outcome

    async def _react(self, user_key: str, task_id: str) -> Outcome:
        for _ in range(DECISIONS_MAX):
            reading = await self._event_log.read_task(user_key=user_key, task_id=task_id)
            task = None if reading is None else fold(reading.events)
            now = self._stamper.clock.now()
            step = next_step(task, now=now, attempts_max=self._attempts_max)
            if task is None or reading is None or isinstance(step, Forget):
                return DONE
            try:
                return await self._take(step, task, reading)
            except AppendConflict:
                continue
            except TaskLost:
                return await self._let_go(task)
        return Outcome(result=Result.POSTPONED, delay_s=OUTAGE_DELAY_S)

    async def _take(self, step: Wait | Fail | Attempt, task: Task, reading: TaskReading) -> Outcome:
        match step:
            case Wait(until=until):
                delay = until - self._stamper.clock.now()
                return Outcome(result=Result.POSTPONED, delay_s=max(0.0, delay.total_seconds()))
            case Fail(code=code):
                return await self._fail(task, code, expected_position=reading.position)
            case Attempt(number=number):
                return await self._begin(task, number, expected_position=reading.position)
            case _ as unreachable:
                assert_never(unreachable)

    async def _fail(self, task: Task, code: FailureCode, *, expected_position: int) -> Outcome:
        """End a task that nobody works on."""
        failed = _failed(task.attempt, code)
        await self._append(task, failed, expected_position=expected_position)
        _log.info("task.refinement.failed", attempt=task.attempt, code=code)
        return DONE

    async def _begin(self, task: Task, number: int, *, expected_position: int) -> Outcome:
        """Take a task with its engine, if that is offered here and may be called once more."""
        offer = self._offers.for_task(task)
        if offer is None:
            code = FailureCode.ENGINE_NOT_OFFERED
            reason = f"{task.request.engine} is allowed by the API and not by this worker"
            _log.error("engine.needs_operator", code=code, reason=reason)
            return await self._fail(task, code, expected_position=expected_position)
        if not await self._may_call(task, offer):
            code = FailureCode.ATTEMPTS_EXHAUSTED
            return await self._fail(task, code, expected_position=expected_position)
        processing = TaskProcessing(attempt=number, worker=self._worker, engine=offer.engine.name)
        owned = await self._append(task, processing, expected_position=expected_position)
        return await self._attempt(owned, number, offer)

    async def _attempt(self, owned: Task, number: int, offer: Offer) -> Outcome:
        """Work on a task this worker owns, and record the end of the attempt."""
        remaining = owned.request.deadline - self._stamper.clock.now()
        deadline = asyncio.timeout(remaining.total_seconds())
        try:
            async with deadline, while_owned(self._event_log, owned):
                completed = await self._attempts.make(owned, attempt=number, offer=offer)
        except TaskLost:
            raise
        except StorageUnavailable as error:
            code = FailureCode.STORAGE_UNAVAILABLE
            trouble = _Trouble(code=code, is_transient=True, reason=str(error))
        except RefinementFailure as failure:
            if failure.code in NEEDS_OPERATOR:
                _log.error("engine.needs_operator", code=failure.code, reason=failure.reason)
            trouble = _Trouble(
                code=failure.code,
                is_transient=failure.is_transient,
                reason=failure.reason,
                retry_after_s=failure.retry_after_s or 0.0,
            )
        except Exception:  # noqa: BLE001 - the loop that classifies: a bug of ours costs the attempt
            if deadline.expired():
                trouble = _Trouble(code=FailureCode.DEADLINE_EXCEEDED, is_transient=False)
            else:
                _log.exception("task.attempt.crashed", attempt=number)
                trouble = _Trouble(code=FailureCode.INTERNAL_ERROR, is_transient=True)
        else:
            return await self._complete(owned, completed)
        return await self._give_up(owned, number, offer, trouble)

    async def _complete(self, owned: Task, completed: TaskCompleted) -> Outcome:
        try:
            await self._append_owned(owned, completed)
        except TaskLost:
            await self._attempts.discard([image.key for image in completed.images])
            raise
        _log.info(
            "task.refinement.completed",
            attempt=completed.attempt,
            engine=completed.engine.name,
            fetch_ms=completed.durations_ms.fetch,
            refine_ms=completed.durations_ms.refine,
            store_ms=completed.durations_ms.store,
        )
        return DONE

    async def _let_go(self, task: Task) -> Outcome:
        """Answer for a task that is not ours any more: done if it has ended."""
        try:
            reading = await self._event_log.read_task(user_key=task.user_key, task_id=task.task_id)
        except (LogError, UnreadableEvent):
            reading = None
        now = None if reading is None else fold(reading.events)
        has_ended = now is not None and not now.status.is_active
        _log.info("task.refinement.lost", status=None if now is None else now.status)
        return DONE if has_ended else LOST

    async def _give_up(self, owned: Task, number: int, offer: Offer, trouble: _Trouble) -> Outcome:
        """Retry later if that can help and there is an attempt and time left; fail otherwise."""
        delay_s = max(self._backoff.delay_s(number), trouble.retry_after_s)
        next_attempt_at = self._stamper.clock.now() + timedelta(seconds=delay_s)
        is_last = number >= self._attempts_max or next_attempt_at >= owned.request.deadline
        may_retry = trouble.is_transient and not is_last
        if may_retry and await self._may_call(owned, offer, after=trouble):
            retrying = TaskRetrying(
                attempt=number,
                error_code=trouble.code,
                error_message=FAILURE_RULES[trouble.code].message,
                next_attempt_at=next_attempt_at,
            )
            await self._append_owned(owned, retrying)
            _log.info(
                "task.refinement.retrying",
                attempt=number,
                code=trouble.code,
                reason=trouble.reason,
                delay_s=round(delay_s, 3),
            )
            return Outcome(result=Result.POSTPONED, delay_s=delay_s)
        await self._append_owned(owned, _failed(number, trouble.code))
        _log.info(
            "task.refinement.failed", attempt=number, code=trouble.code, reason=trouble.reason
        )
        return DONE

    async def _may_call(self, task: Task, offer: Offer, *, after: _Trouble | None = None) -> bool:
        """Whether one more attempt stays within what a task may cost.

        `after` is how the attempt that is under way has just ended.
        """
        if offer.calls_max is None or task.attempt == 0:
            return True
        stored = await self._event_log.read_history(user_key=task.user_key, task_id=task.task_id)
        calls = count_calls([decode(one).event.data for one in stored])
        if after is not None and after.code in UNPAID:
            calls -= 1
        return calls < offer.calls_max

    async def _append_owned(self, owned: Task, change: TaskEvent) -> None:
        """Append to a task this worker owns; other tasks on the desk may have moved meanwhile.

        Raises:
            TaskLost: the task itself has moved.
        """
        for _ in range(DECISIONS_MAX):
            reading = await self._event_log.read_task(
                user_key=owned.user_key, task_id=owned.task_id
            )
            if reading is None or reading.events[-1].position != owned.position:
                raise TaskLost
            try:
                await self._append(owned, change, expected_position=reading.position)
            except AppendConflict:
                continue
            return
        raise TaskLost

    async def _append(self, task: Task, change: TaskEvent, *, expected_position: int) -> Task:
        recorded = await self._event_log.append(
            next_event(task, change, stamp=self._stamper.stamp()),
            user_key=task.user_key,
            expected_position=expected_position,
        )
        evolved = evolve(task, recorded)
        assert evolved is not None
        return evolved


@asynccontextmanager
async def _kept_alive(delivery: Delivery) -> AsyncIterator[None]:
    """Tell the queue again and again that work goes on, until it ends."""

    async def beat() -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            await delivery.extend()

    heartbeat = asyncio.create_task(beat())
    try:
        yield
    finally:
        heartbeat.cancel()


async def _answer(delivery: Delivery, outcome: Outcome) -> None:
    match outcome.result:
        case Result.DONE:
            await delivery.acknowledge()
        case Result.POSTPONED:
            await delivery.postpone(outcome.delay_s)
        case Result.LOST:
            # No answer: somebody else may hold this very request by now, and to postpone it would
            # hand it out under their hands, to an attempt that takes the task from them. If nobody
            # does, it comes back after the acknowledgement wait, and finds how the task stands.
            return
        case _ as unreachable:
            assert_never(unreachable)


def _failed(attempt: int, code: FailureCode) -> TaskFailed:
    rule = FAILURE_RULES[code]
    return TaskFailed(
        attempt=attempt,
        error_code=code,
        error_message=rule.message,
        quota_refunded=rule.quota_refunded,
    )
