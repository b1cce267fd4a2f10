"""How far tasks are, over core NATS: see `events.progress.ProgressSignals` for what is promised."""

from collections.abc import Awaitable, Callable

import structlog

from events.progress import (
    ALL_PROGRESS,
    Progress,
    UnreadableProgress,
    decode_progress,
    encode_progress,
    progress_subject,
)
from services.adapters.jetstream import JetStreamConnection

_log = structlog.get_logger()


class JetStreamProgress:
    """Signals over a connection; the permissions let the worker send them and the API hear them."""

    def __init__(self, connection: JetStreamConnection) -> None:
        self._connection = connection

    async def send(self, progress: Progress) -> None:
        """Tell those who listen; while there is no connection, nobody."""
        subject = progress_subject(user_key=progress.user_key, task_id=progress.task_id)
        await self._connection.send(subject, encode_progress(progress))

    async def listen(self, receive: Callable[[Progress], None]) -> Callable[[], Awaitable[None]]:
        """Hear of all tasks; what cannot be read is dropped."""

        def on_message(subject: str, body: bytes) -> None:
            try:
                progress = decode_progress(body, subject=subject)
            except UnreadableProgress as error:
                _log.warning("progress.unreadable", reason=str(error))
            else:
                receive(progress)

        return await self._connection.hear(ALL_PROGRESS, on_message)
