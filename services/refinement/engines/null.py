"""The engine that changes nothing, for measuring everything around an engine."""

from typing import Final

from services.refinement.engines import Instruction, Provenance, Refinement
from services.refinement.jobs import Copy
from services.refinement.pictures import PictureLimits, inspect
from services.refinement.progress import Moved, unmoved
from services.refinement.studio import Studios

NAME: Final = "null"
VERSION: Final = "1"


class NullEngine:
    """Gives the original back once its header has been inspected, in a studio of the pool."""

    name: str = NAME
    version: str = VERSION

    def __init__(self, *, studios: Studios, limits: PictureLimits | None = None) -> None:
        self._studios = studios
        self._limits = limits or PictureLimits()

    async def refine(
        self,
        *,
        original: bytes,
        instruction: Instruction,  # noqa: ARG002 - the port gives it, and nothing is done with it
        timeout_s: float,
        moved: Moved = unmoved,
    ) -> Refinement:
        """Return the same bytes; their facts are those of the original."""
        return await self._studios.run(
            Copy(original=original, limits=self._limits), timeout_s=timeout_s, moved=moved
        )

    async def close(self) -> None:
        """Nothing to end: the studios belong to who made them."""


def copy(original: bytes, limits: PictureLimits) -> Refinement:
    """Do the job, in the child."""
    facts = inspect(original, limits)
    return Refinement(
        body=original,
        picture=facts,
        original=facts,
        plan={"applied": [], "skipped": [], "unmatched": []},
        engine=Provenance(name=NAME, version=VERSION),
    )
