"""How far a task is while a worker is at it: signals to whoever listens now, and no history.

They travel over core NATS beside the log. One that is lost is made good by the next, or by the
event that ends the attempt.
"""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Annotated, Final, Protocol

import msgspec

from events.ids import is_task_id, is_user_key
from events.subjects import TASK_TYPE

ALL_PROGRESS: Final = f"progress.{TASK_TYPE}.>"
PROGRESS_BYTES_MAX: Final = 512


class Stage(StrEnum):
    """What a worker is doing with a task."""

    FETCHING = "fetching"
    REFINING = "refining"
    STORING = "storing"


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far one attempt is: `fraction`, from 0 to 1, is of the whole task.

    Within an attempt neither the stage nor the fraction goes back; the next attempt begins anew.
    """

    task_id: str
    user_key: str
    attempt: Annotated[int, msgspec.Meta(ge=1)]
    stage: Stage
    fraction: Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]


class UnreadableProgress(ValueError):
    """Bytes that are no progress of the task whose subject they came on."""

    def __init__(self, *, subject: str, reason: str) -> None:
        super().__init__(f"no progress on {subject!r}: {reason}")
        self.subject = subject
        self.reason = reason


class ProgressSignals(Protocol):
    """Says and hears how far tasks are. Lossy: what nobody hears at once is gone."""

    async def send(self, progress: Progress) -> None:
        """Tell those who listen. Never raises, and never waits for anybody."""
        ...

    async def listen(self, receive: Callable[[Progress], None]) -> Callable[[], Awaitable[None]]:
        """Hear of all tasks of all users, in the order of each sender; returns what ends it.

        What is sent after this has returned is heard, also after a connection was lost and is back.
        `receive` is called in the event loop and must neither wait nor raise.

        Raises:
            LogUnavailable: the connection is closed.
        """
        ...


_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(Progress)


def progress_subject(*, user_key: str, task_id: str) -> str:
    """Where the progress of one task is told."""
    assert is_user_key(user_key)
    assert is_task_id(task_id)
    return f"progress.{TASK_TYPE}.{user_key}.{task_id}"


def encode_progress(progress: Progress) -> bytes:
    """The bytes that travel: JSON, at most `PROGRESS_BYTES_MAX`."""
    body = _ENCODER.encode(progress)
    assert len(body) <= PROGRESS_BYTES_MAX
    return body


def decode_progress(body: bytes, *, subject: str) -> Progress:
    """Read what came on a subject.

    Raises:
        UnreadableProgress: it is too long, of another form, or of another task.
    """
    if len(body) > PROGRESS_BYTES_MAX:
        raise UnreadableProgress(subject=subject, reason=f"{len(body)} bytes")
    try:
        progress = _DECODER.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UnreadableProgress(subject=subject, reason=str(error)) from error
    if not (is_user_key(progress.user_key) and is_task_id(progress.task_id)):
        raise UnreadableProgress(subject=subject, reason="no user key and task id")
    if progress_subject(user_key=progress.user_key, task_id=progress.task_id) != subject:
        raise UnreadableProgress(subject=subject, reason="of another task")
    return progress
