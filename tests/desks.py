"""New desks and new requests: unique, so that tests can share a log and never meet."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from events.ids import user_key_of
from events.task import CloudEvent, Quota, Stamp, TaskEvent, TaskRequested, first_event
from services.runtime.clock import RandomIdentifiers

IDENTIFIERS = RandomIdentifiers()


def new_desk() -> str:
    """The user key of somebody who was never here."""
    return user_key_of(uuid4().hex, secret=b"tests" * 8)


def stamp() -> Stamp:
    """A stamp of now."""
    return Stamp(event_id=IDENTIFIERS.event_id(), now=datetime.now(UTC), producer="tests/0")


def requested_event(*, url: str = "https://pictures.test/logo.png") -> CloudEvent[TaskEvent]:
    """The first event of a new task."""
    now = datetime.now(UTC)
    request = TaskRequested(
        task_id=IDENTIFIERS.task_id(),
        user_id="somebody",
        original_image_url=url,
        refinement_prompt="lighter shades of brown",
        logo_description=None,
        theme_description=None,
        preserve_aspects=(),
        request_fingerprint="0" * 64,
        quota=Quota(period=f"{now:%Y-%m}", used=1, limit=10),
        deadline=now + timedelta(minutes=5),
    )
    return first_event(request, stamp=stamp(), correlation_id=uuid4().hex)
