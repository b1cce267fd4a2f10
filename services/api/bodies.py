"""A task as clients see it: one body, everywhere the same."""

from typing import Any, Final, Literal

import msgspec
from msgspec import UNSET

from events.task import Durations, Moment, OriginalImage, Status, StoredImage, Task
from services.adapters.storage import ObjectStore
from services.api.entity_tags import EntityTag
from services.api.stages import ProgressBody, Stages
from services.runtime.clock import Clock

CREATED: Final = "Concept refinement task created and queued for processing"
ALREADY_ACTIVE: Final = "A concept refinement task is already in progress"


class EngineBody(msgspec.Struct, frozen=True, kw_only=True):
    """What changed the pixels."""

    name: str
    version: str


class ResultBody(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The refined image. URLs are signed when the task is read, and expire."""

    concept_id: str
    image_url: str
    image_path: str
    thumbnail_url: str | None = None
    vector_url: str | None = None
    content_type: str
    width: int
    height: int
    bytes: int
    sha256: str
    original: OriginalImage
    engine: EngineBody
    plan: dict[str, Any] | None = None
    durations_ms: Durations


class MetadataBody(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The request as it was accepted; what was not given is not there."""

    original_image_url: str
    refinement_prompt: str
    logo_description: str | None = None
    theme_description: str | None = None
    preserve_aspects: tuple[str, ...] = ()
    engine: str | None = None


class TaskBody(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A refinement task. Times are UTC; `updated_at` is there once something has happened.

    `progress` is there when a task that is under way is read, if it is known; `quota_refunded`
    once it has ended without a result: whether its request still counts.
    """

    task_id: str
    status: Status
    message: str
    type: Literal["concept_refinement"]
    created_at: Moment
    updated_at: Moment | None = None
    completed_at: Moment | None = None
    progress: ProgressBody | None = None
    metadata: MetadataBody
    result: ResultBody | None = None
    result_id: str | None = None
    image_url: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    quota_refunded: bool | None = None


class HistoryEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One event of a task: its place in the log, and the event (CloudEvents) as it lies there."""

    position: int
    event: msgspec.Raw


_WITHOUT_RESULT: Final = frozenset({Status.FAILED, Status.CANCELLED})
_ENCODER: Final = msgspec.json.Encoder()


class TaskBodies:
    """Writes task bodies, with picture URLs that live for `url_expires_s` seconds."""

    def __init__(
        self, *, store: ObjectStore, stages: Stages, clock: Clock, url_expires_s: int
    ) -> None:
        self._store = store
        self._stages = stages
        self._clock = clock
        self._url_expires_s = url_expires_s

    async def encode(self, task: Task, *, message: str | None = None) -> bytes:
        """The JSON of a task; the message says where it stands unless another one is given.

        With a message of its own it answers a request, and how far the task is says nothing yet.
        """
        result = await self._result(task)
        request = task.request
        return _ENCODER.encode(
            TaskBody(
                task_id=task.task_id,
                status=task.status,
                message=message or f"Task is {task.status}",
                type="concept_refinement",
                created_at=task.created_at,
                updated_at=task.updated_at if task.version > 1 else None,
                completed_at=task.completed_at,
                progress=None if message else self._stages.of(task),
                metadata=MetadataBody(
                    original_image_url=request.original_image_url,
                    refinement_prompt=request.refinement_prompt,
                    logo_description=request.logo_description,
                    theme_description=request.theme_description,
                    preserve_aspects=request.preserve_aspects,
                    engine=request.engine or None,
                ),
                result=result,
                result_id=result.concept_id if result else None,
                image_url=result.image_url if result else None,
                error_code=task.error_code,
                error_message=task.error_message,
                quota_refunded=task.quota_refunded if task.status in _WITHOUT_RESULT else None,
            )
        )

    def tag_of(self, task: Task) -> EntityTag:
        """The tag of a task's body: it changes with each event, with progress, and for new URLs."""
        if task.result is None:
            progress = self._stages.of(task)
            if progress is None:
                return EntityTag(position=task.position)
            parts = (progress.stage[0], round(100 * progress.fraction), progress.position or "")
            return EntityTag(position=task.position, variant="".join(map(str, parts)))
        # A client that keeps a body gets a new one while the URLs of the old one are still good.
        period = int(self._clock.now().timestamp()) // max(1, self._url_expires_s // 2)
        return EntityTag(position=task.position, variant=f"u{period}")

    async def _result(self, task: Task) -> ResultBody | None:
        completed = task.result
        if completed is None:
            return None
        image, thumbnail, vector = completed.image, completed.thumbnail, completed.vector
        return ResultBody(
            concept_id=completed.concept_id,
            image_url=await self._presign(image),
            image_path=image.key,
            thumbnail_url=None if thumbnail is UNSET else await self._presign(thumbnail),
            vector_url=None if vector is UNSET else await self._presign(vector),
            content_type=image.content_type,
            width=image.width,
            height=image.height,
            bytes=image.bytes,
            sha256=image.sha256,
            original=completed.original,
            engine=EngineBody(name=completed.engine.name, version=completed.engine.version),
            plan=completed.engine.plan,
            durations_ms=completed.durations_ms,
        )

    async def _presign(self, image: StoredImage) -> str:
        return await self._store.presign(image.key, expires_s=self._url_expires_s)
