"""Admits refinement requests: read the desk, decide, append; on a conflict, all of it again."""

import asyncio
from datetime import datetime
from enum import Enum
from typing import Final, assert_never

import msgspec

from events.admission import (
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
from events.ids import idempotent_task_id
from events.log import AppendConflict, DeskReading, EventLog
from events.task import Stamp, Status, Task, first_event, fold
from services.adapters.storage import ObjectStore, may_read
from services.api.auth import Owner
from services.api.known_originals import KnownOriginals
from services.api.quota_report import QuotaReport
from services.api.refinement_requests import FieldError
from services.runtime.clock import Stamper
from services.runtime.retries import Backoff

ATTEMPTS_MAX: Final = 8
_PAUSE: Final = Backoff(base_s=0.005, max_s=0.1)


class InvalidRequest(Exception):
    """The request is not valid; `errors` names everything that is wrong with it."""

    def __init__(self, errors: tuple[FieldError, ...]) -> None:
        super().__init__(f"the request has {len(errors)} errors")
        self.errors = errors


class Refused(Exception):
    """A valid request that is not admitted; `quota` tells how the quota stands."""

    def __init__(self, message: str, *, quota: QuotaReport) -> None:
        super().__init__(message)
        self.quota = quota


class ImageNotFound(Refused):
    """The URL names no object of our own store that this user may read."""

    def __init__(self, *, quota: QuotaReport) -> None:
        super().__init__("the original image is not in the object store", quota=quota)


class QuotaSpent(Refused):
    """Nothing is left of this month's quota."""

    def __init__(self, *, quota: QuotaReport) -> None:
        super().__init__(f"the quota of {quota.standing.period} is spent", quota=quota)
        self.resets_in_s = quota.resets_in_s


class IdempotencyMismatch(Refused):
    """The idempotency key was used before, for a different request."""

    def __init__(self, *, quota: QuotaReport) -> None:
        super().__init__("the idempotency key belongs to another request", quota=quota)


class ReplayedTaskRemoved(Refused):
    """The idempotency key was used before, and its task has been removed."""

    def __init__(self, *, quota: QuotaReport) -> None:
        super().__init__("the task of this idempotency key was removed", quota=quota)


class DeskContended(Exception):
    """The desk moved under every attempt to append to it."""

    def __init__(self, *, attempts: int) -> None:
        super().__init__(f"the desk moved under {attempts} appends")
        self.attempts = attempts


class Reception(Enum):
    """How a request was received."""

    ACCEPTED = "accepted"
    REPLAYED = "replayed"
    ALREADY_ACTIVE = "already_active"


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """The task that answers a request, and why it is this one."""

    reception: Reception
    task: Task
    quota: QuotaReport


class Submission(msgspec.Struct, frozen=True, kw_only=True):
    """A valid request of a signed-in user."""

    request: RefinementRequest
    owner: Owner
    request_id: str
    idempotency_key: str | None = None


class Admissions:
    """Decides on submissions against the log. Holds no state: any number of processes may."""

    def __init__(
        self, *, log: EventLog, store: ObjectStore, stamper: Stamper, policy: Policy
    ) -> None:
        self._log = log
        self._store = store
        self._stamper = stamper
        self._policy = policy
        self._originals = KnownOriginals(store=store, clock=stamper.clock)

    async def submit(self, submission: Submission) -> Receipt:
        """The task that answers a submission, durable in the log when this returns.

        Raises:
            Refused: the request is not admitted.
            LogUnavailable: undecided; the task may have been requested.
            StorageUnavailable: whether the original exists could not be told.
            DeskContended: other requests of this user were faster each time.
        """
        owner, key = submission.owner, submission.idempotency_key
        replay_of: str | None = None
        if key is not None:
            replay_of = idempotent_task_id(user_key=owner.user_key, idempotency_key=key)
        task_id = replay_of or self._stamper.identifiers.task_id()
        submission = self._without_signature(submission)
        is_image_known = False
        for attempt in range(1, ATTEMPTS_MAX + 1):
            desk = await self._log.read_desk(owner.user_key, replay_of=replay_of)
            # A new stamp for each decision: the one before was refused, its event id is void.
            stamp = self._stamper.stamp()
            admission = admit(
                desk,
                submission.request,
                task_id=task_id,
                user_id=owner.user_id,
                now=stamp.now,
                policy=self._policy,
            )
            quota = QuotaReport(standing=admission.quota, at=stamp.now)
            if not isinstance(admission, Admitted):
                return _receipt(admission, quota)
            # Last before the append, so that no other answer ever waits for the object store.
            if not is_image_known:
                await self._require_image(submission, desk, stamp.now)
                is_image_known = True
            try:
                task = await self._append(admission, submission, stamp)
            except AppendConflict:
                await asyncio.sleep(_PAUSE.delay_s(attempt))
            else:
                return Receipt(reception=Reception.ACCEPTED, task=task, quota=quota)
        raise DeskContended(attempts=ATTEMPTS_MAX)

    def _without_signature(self, submission: Submission) -> Submission:
        """Keep no presigned query of our own bucket: it is a secret, and it changes each time."""
        url = submission.request.original_image_url
        if self._store.key_of(url) is None:
            return submission
        plain, _, _ = url.partition("?")
        request = msgspec.structs.replace(submission.request, original_image_url=plain)
        return msgspec.structs.replace(submission, request=request)

    async def quota_of(self, owner: Owner) -> QuotaReport:
        """How a user's quota stands.

        Raises:
            LogUnavailable: nobody can tell right now.
        """
        now = self._stamper.clock.now()
        return self._quota_at(await self._log.read_desk(owner.user_key), now)

    def _quota_at(self, desk: DeskReading, now: datetime) -> QuotaReport:
        """The quota as it stands without the request in hand."""
        newest = fold(desk.newest)
        standing = quota_standing(newest, now=now, limit=self._policy.quota_limit)
        return QuotaReport(standing=standing, at=now)

    async def _require_image(
        self, submission: Submission, desk: DeskReading, now: datetime
    ) -> None:
        """Refuse a URL of our own store that leads nowhere, or to somebody else's area."""
        key = self._store.key_of(submission.request.original_image_url)
        if key is None:
            return
        is_theirs = may_read(key, user_key=submission.owner.user_key)
        # Not asked about another user's key: its existence may not even show in the time it takes.
        if not is_theirs or not await self._originals.exists(key):
            raise ImageNotFound(quota=self._quota_at(desk, now))

    async def _append(self, admitted: Admitted, submission: Submission, stamp: Stamp) -> Task:
        event = first_event(admitted.request, stamp=stamp, correlation_id=submission.request_id)
        recorded = await self._log.append(
            event,
            user_key=submission.owner.user_key,
            expected_position=admitted.expected_position,
        )
        task = fold((recorded,))
        assert task is not None
        return task


def _receipt(
    admission: AlreadyActive | QuotaExhausted | Replayed | ReplayMismatch, quota: QuotaReport
) -> Receipt:
    match admission:
        case AlreadyActive(task=task):
            return Receipt(reception=Reception.ALREADY_ACTIVE, task=task, quota=quota)
        case Replayed(task=task):
            if task.status is Status.REMOVED:
                raise ReplayedTaskRemoved(quota=quota)
            return Receipt(reception=Reception.REPLAYED, task=task, quota=quota)
        case QuotaExhausted():
            raise QuotaSpent(quota=quota)
        case ReplayMismatch():
            raise IdempotencyMismatch(quota=quota)
        case _ as unreachable:
            assert_never(unreachable)
