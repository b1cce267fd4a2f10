"""One attempt at a task: fetch the original, refine it, store the result. Appends nothing."""

import asyncio
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Final, TypedDict

import msgspec
import structlog
from msgspec import UNSET, UnsetType

from events.progress import ProgressSignals, Stage
from events.task import Durations, EngineRun, OriginalImage, StoredImage, Task, TaskCompleted
from services.adapters.storage import (
    ObjectStore,
    StorageUnavailable,
    result_key,
    thumbnail_key,
    vector_key,
)
from services.refinement.engines import Instruction, Refinement
from services.refinement.offers import Offer
from services.refinement.originals import Originals
from services.refinement.pictures import PictureFacts
from services.refinement.progress import AttemptProgress

PUT_GRACE_S: Final = 0.5
DISCARD_S: Final = 3.0

_MS: Final = 1000.0
_log = structlog.get_logger()


class _Place(TypedDict):
    """What keys are made from."""

    user_key: str
    task_id: str
    attempt: int


class _Ware(msgspec.Struct, frozen=True, kw_only=True):
    """Something to store, and where."""

    key: str
    body: bytes
    picture: PictureFacts


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
        signals: ProgressSignals,
        store_timeout_s: float,
        new_concept_id: Callable[[], str],
    ) -> None:
        self._store = store
        self._originals = originals
        self._signals = signals
        self._store_timeout_s = store_timeout_s
        self._new_concept_id = new_concept_id

    async def make(self, task: Task, *, attempt: int, offer: Offer) -> TaskCompleted:
        """Refine a task's picture with the engine on offer; the result is stored when this returns.

        Cancelling ends the work, and takes away what it has stored.

        Raises:
            RefinementFailure: why there is no result, and whether to try again.
            StorageUnavailable: our bucket did not answer; try again.
        """
        progress = AttemptProgress(
            self._signals, task_id=task.task_id, user_key=task.user_key, attempt=attempt
        )
        started_at = perf_counter()
        await progress.begin(Stage.FETCHING)
        original = await self._originals.read(
            task.request.original_image_url, user_key=task.user_key, moved=progress.moved
        )
        fetched_at = perf_counter()
        await progress.begin(Stage.REFINING)
        refinement = await offer.engine.refine(
            original=original,
            instruction=_instruction_of(task),
            timeout_s=offer.timeout_s,
            moved=progress.moved,
        )
        refined_at = perf_counter()
        await progress.begin(Stage.STORING)
        place = _Place(user_key=task.user_key, task_id=task.task_id, attempt=attempt)
        kept = await self._keep(refinement, place, progress)
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

    async def discard(self, keys: Sequence[str]) -> None:
        """Remove what was stored in vain; what cannot be removed soon is left for the sweep."""
        try:
            async with asyncio.timeout(DISCARD_S):
                for key in keys:
                    await self._store.delete(key)
        except (StorageUnavailable, TimeoutError) as error:
            _log.warning("task.result.left_behind", reason=str(error) or type(error).__name__)

    async def _keep(
        self, refinement: Refinement, place: _Place, progress: AttemptProgress
    ) -> _Kept:
        """Store what an engine made, within a bound of its own besides the task's deadline."""
        wares = _wares_of(refinement, place)
        begun: list[str] = []
        stored: dict[str, StoredImage] = {}
        try:
            async with asyncio.timeout(self._store_timeout_s):
                for name, ware in wares.items():
                    begun.append(ware.key)
                    stored[name] = await self._put(ware)
                    await progress.moved(len(stored) / len(wares))
        except TimeoutError as error:
            raise StorageUnavailable(
                operation="put", reason=f"no answer within {self._store_timeout_s:g} s"
            ) from error
        except asyncio.CancelledError:
            await self.discard(begun)
            raise
        return _Kept(
            image=stored["image"],
            thumbnail=stored.get("thumbnail", UNSET),
            vector=stored.get("vector", UNSET),
        )

    async def _put(self, ware: _Ware) -> StoredImage:
        """Store one object. When cancelled, it gets a moment to be done nevertheless.

        A write that was cut off may still be carried out after its object was deleted: of those
        tried on SeaweedFS, up to a third were.
        """
        putting = asyncio.create_task(
            self._store.put(ware.key, ware.body, content_type=ware.picture.content_type)
        )
        try:
            await asyncio.shield(putting)
        except asyncio.CancelledError:
            try:
                await asyncio.wait({putting}, timeout=PUT_GRACE_S)
            finally:
                putting.cancel()
            raise
        return StoredImage(key=ware.key, **msgspec.structs.asdict(ware.picture))


def _wares_of(refinement: Refinement, place: _Place) -> dict[str, _Ware]:
    """What is stored, in order: the picture last, when all that goes with it is there."""
    thumbnail, vector = refinement.thumbnail, refinement.vector
    wares: dict[str, _Ware] = {}
    if thumbnail is not None:
        wares["thumbnail"] = _Ware(
            key=thumbnail_key(**place), body=thumbnail.body, picture=thumbnail.picture
        )
    if vector is not None:
        wares["vector"] = _Ware(key=vector_key(**place), body=vector.body, picture=vector.picture)
    wares["image"] = _Ware(
        key=result_key(**place), body=refinement.body, picture=refinement.picture
    )
    return wares


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
