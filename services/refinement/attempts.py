"""One attempt at a task: fetch the original, refine it, store the result. Appends nothing."""

import asyncio
from collections.abc import Callable
from time import perf_counter
from typing import Final, TypedDict

import msgspec
from msgspec import UNSET, UnsetType

from events.task import Durations, EngineRun, OriginalImage, StoredImage, Task, TaskCompleted
from services.adapters.storage import (
    ObjectStore,
    StorageUnavailable,
    result_key,
    thumbnail_key,
    vector_key,
)
from services.refinement.engines import Instruction, Refinement, Thumbnail, Vector
from services.refinement.offers import Offer
from services.refinement.originals import Originals
from services.refinement.pictures import PictureFacts

_MS: Final = 1000.0


class _Place(TypedDict):
    """What keys are made from."""

    user_key: str
    task_id: str
    attempt: int


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    """Where what an engine made is stored."""

    image: StoredImage
    thumbnail: StoredImage | UnsetType
    vector: StoredImage | UnsetType


class Attempts:
    """Does the work of attempts; who owns the task meanwhile is its caller's concern."""

    def __init__(
        self,
        *,
        store: ObjectStore,
        originals: Originals,
        store_timeout_s: float,
        new_concept_id: Callable[[], str],
    ) -> None:
        self._store = store
        self._originals = originals
        self._store_timeout_s = store_timeout_s
        self._new_concept_id = new_concept_id

    async def make(self, task: Task, *, attempt: int, offer: Offer) -> TaskCompleted:
        """Refine a task's picture with the engine on offer; the result is stored when this returns.

        Raises:
            RefinementFailure: why there is no result, and whether to try again.
            StorageUnavailable: our bucket did not answer; try again.
        """
        started_at = perf_counter()
        original = await self._originals.read(
            task.request.original_image_url, user_key=task.user_key
        )
        fetched_at = perf_counter()
        refinement = await offer.engine.refine(
            original=original, instruction=_instruction_of(task), timeout_s=offer.timeout_s
        )
        refined_at = perf_counter()
        kept = await self._keep(refinement, task, attempt=attempt)
        return TaskCompleted(
            attempt=attempt,
            concept_id=self._new_concept_id(),
            image=kept.image,
            original=OriginalImage(**msgspec.structs.asdict(refinement.original)),
            engine=_engine_run_of(refinement),
            durations_ms=Durations(
                fetch=_ms(fetched_at - started_at),
                refine=_ms(refined_at - fetched_at),
                store=_ms(perf_counter() - refined_at),
            ),
            thumbnail=kept.thumbnail,
            vector=kept.vector,
        )

    async def discard(self, completed: TaskCompleted) -> None:
        """Remove the pictures of an attempt that lost its task.

        Raises:
            StorageUnavailable: it may still be there.
        """
        for image in completed.images:
            await self._store.delete(image.key)

    async def _keep(self, refinement: Refinement, task: Task, *, attempt: int) -> _Kept:
        """Store what an engine made, within a bound of its own besides the task's deadline."""
        place = _Place(user_key=task.user_key, task_id=task.task_id, attempt=attempt)
        try:
            async with asyncio.timeout(self._store_timeout_s):
                return _Kept(
                    thumbnail=await self._put_besides(thumbnail_key(**place), refinement.thumbnail),
                    vector=await self._put_besides(vector_key(**place), refinement.vector),
                    image=await self._put(result_key(**place), refinement.body, refinement.picture),
                )
        except TimeoutError as error:
            raise StorageUnavailable(
                operation="put", reason=f"no answer within {self._store_timeout_s:g} s"
            ) from error

    async def _put_besides(
        self, key: str, made: Thumbnail | Vector | None
    ) -> StoredImage | UnsetType:
        return UNSET if made is None else await self._put(key, made.body, made.picture)

    async def _put(self, key: str, body: bytes, picture: PictureFacts) -> StoredImage:
        await self._store.put(key, body, content_type=picture.content_type)
        return StoredImage(key=key, **msgspec.structs.asdict(picture))


def _instruction_of(task: Task) -> Instruction:
    request = task.request
    return Instruction(
        refinement_prompt=request.refinement_prompt,
        logo_description=request.logo_description,
        theme_description=request.theme_description,
        preserve_aspects=request.preserve_aspects,
    )


def _engine_run_of(refinement: Refinement) -> EngineRun:
    engine = refinement.engine
    return EngineRun(
        name=engine.name,
        version=engine.version,
        request_id=engine.request_id,
        plan=refinement.plan,
        cost=engine.cost,
    )


def _ms(seconds: float) -> float:
    return round(seconds * _MS, 3)
