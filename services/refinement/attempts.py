"""One attempt at a task: fetch the original, refine it, store the result. Appends nothing."""

from collections.abc import Callable
from time import perf_counter
from typing import Final

import msgspec

from events.task import Durations, EngineRun, OriginalImage, StoredImage, Task, TaskCompleted
from services.adapters.storage import ObjectStore, result_key
from services.refinement.engines import Engine, Instruction, Refinement
from services.refinement.originals import Originals

_MS: Final = 1000.0


class Attempts:
    """Does the work of attempts; who owns the task meanwhile is its caller's concern."""

    def __init__(
        self,
        *,
        store: ObjectStore,
        originals: Originals,
        engine: Engine,
        timeout_s: float,
        new_concept_id: Callable[[], str],
    ) -> None:
        self.engine = engine
        self._store = store
        self._originals = originals
        self._timeout_s = timeout_s
        self._new_concept_id = new_concept_id

    async def make(self, task: Task, *, attempt: int) -> TaskCompleted:
        """Refine a task's picture; the result is stored when this returns.

        Raises:
            RefinementFailure: why there is no result, and whether to try again.
            StorageUnavailable: our bucket did not answer; try again.
        """
        started_at = perf_counter()
        original = await self._originals.read(
            task.request.original_image_url, user_key=task.user_key
        )
        fetched_at = perf_counter()
        refinement = await self.engine.refine(
            original=original, instruction=_instruction_of(task), timeout_s=self._timeout_s
        )
        refined_at = perf_counter()
        key = result_key(user_key=task.user_key, task_id=task.task_id, attempt=attempt)
        await self._store.put(key, refinement.body, content_type=refinement.picture.content_type)
        return TaskCompleted(
            attempt=attempt,
            concept_id=self._new_concept_id(),
            image=_image_of(refinement, key=key),
            original=OriginalImage(**msgspec.structs.asdict(refinement.original)),
            engine=_engine_run_of(refinement),
            durations_ms=Durations(
                fetch=_ms(fetched_at - started_at),
                refine=_ms(refined_at - fetched_at),
                store=_ms(perf_counter() - refined_at),
            ),
        )

    async def discard(self, completed: TaskCompleted) -> None:
        """Remove the picture of an attempt that lost its task.

        Raises:
            StorageUnavailable: it may still be there.
        """
        await self._store.delete(completed.image.key)


def _instruction_of(task: Task) -> Instruction:
    request = task.request
    return Instruction(
        refinement_prompt=request.refinement_prompt,
        logo_description=request.logo_description,
        theme_description=request.theme_description,
        preserve_aspects=request.preserve_aspects,
    )


def _image_of(refinement: Refinement, *, key: str) -> StoredImage:
    return StoredImage(key=key, **msgspec.structs.asdict(refinement.picture))


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
