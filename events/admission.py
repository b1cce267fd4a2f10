"""Who may start a task: one pure decision over one user's desk."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from events.log import DeskReading
from events.task import Quota, Task, TaskRequested, fold

PERIOD_FORMAT: Final = "%Y-%m"

_MONTHS: Final = 12


class RefinementRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a user asks for, validated."""

    original_image_url: str
    refinement_prompt: str
    logo_description: str | None = None
    theme_description: str | None = None
    preserve_aspects: tuple[str, ...] = ()
    # Unset, not null: requests without it keep their fingerprints.
    engine: str | UnsetType = UNSET

    def fingerprint(self) -> str:
        """SHA-256 of the request in a canonical form: equal requests, equal fingerprints."""
        return hashlib.sha256(msgspec.json.encode(self, order="sorted")).hexdigest()


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """The limits a user is held to."""

    quota_limit: int
    task_deadline: timedelta


class QuotaStanding(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a calendar month's quota (UTC) is used, and when the next month begins."""

    period: str
    period_start: datetime
    used: int
    limit: int
    resets_at: datetime

    @property
    def remaining(self) -> int:
        """Requests left in this period."""
        return max(0, self.limit - self.used)


class Admitted(msgspec.Struct, frozen=True, kw_only=True):
    """Append `request` at `expected_position`."""

    request: TaskRequested
    expected_position: int
    quota: QuotaStanding


class AlreadyActive(msgspec.Struct, frozen=True, kw_only=True):
    """The user's `task` is not finished yet."""

    task: Task
    quota: QuotaStanding


class QuotaExhausted(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing is left of this period's quota."""

    quota: QuotaStanding


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """This very request made `task` earlier."""

    task: Task
    quota: QuotaStanding


class ReplayMismatch(msgspec.Struct, frozen=True, kw_only=True):
    """The id belongs to a task that another request made."""

    task: Task
    quota: QuotaStanding


Admission = Admitted | AlreadyActive | QuotaExhausted | Replayed | ReplayMismatch


def admit(
    desk: DeskReading,
    request: RefinementRequest,
    *,
    task_id: str,
    user_id: str,
    now: datetime,
    policy: Policy,
) -> Admission:
    """Decide on a request: replay, then the active task, then the quota, then the new task.

    Only the newest task can be active, because each was admitted when the one before it had ended;
    and its ledger line carries on the count of all before it in the same month.
    """
    newest = fold(desk.newest)
    quota = quota_standing(newest, now=now, limit=policy.quota_limit)
    fingerprint = request.fingerprint()
    earlier = fold(desk.replayed)
    if earlier is not None:
        if earlier.request.request_fingerprint == fingerprint:
            return Replayed(task=earlier, quota=quota)
        return ReplayMismatch(task=earlier, quota=quota)
    if newest is not None and newest.status.is_active:
        return AlreadyActive(task=newest, quota=quota)
    if quota.remaining == 0:
        return QuotaExhausted(quota=quota)
    spent = msgspec.structs.replace(quota, used=quota.used + 1)
    return Admitted(
        request=TaskRequested(
            task_id=task_id,
            user_id=user_id,
            original_image_url=request.original_image_url,
            refinement_prompt=request.refinement_prompt,
            logo_description=request.logo_description,
            theme_description=request.theme_description,
            preserve_aspects=request.preserve_aspects,
            request_fingerprint=fingerprint,
            quota=Quota(period=spent.period, used=spent.used, limit=spent.limit),
            deadline=now + policy.task_deadline,
            engine=request.engine,
        ),
        expected_position=desk.position,
        quota=spent,
    )


def quota_standing(newest: Task | None, *, now: datetime, limit: int) -> QuotaStanding:
    """The quota of the month of `now`, from the newest task's ledger line and its refund.

    A month that the ledger has already begun is not gone back from: a clock that is a second behind
    at the turn of a month would find the new month's line and take the old one for unused.
    """
    start = _month_of(now.astimezone(UTC))
    used = 0
    if newest is not None:
        line = newest.request.quota
        begun = datetime.strptime(line.period, PERIOD_FORMAT).replace(tzinfo=UTC)
        if begun >= start:
            start = begun
            used = line.used - int(newest.quota_refunded)
    end = start.replace(year=start.year + start.month // _MONTHS, month=start.month % _MONTHS + 1)
    return QuotaStanding(
        period=start.strftime(PERIOD_FORMAT),
        period_start=start,
        used=used,
        limit=limit,
        resets_at=end,
    )


def _month_of(moment: datetime) -> datetime:
    return moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
