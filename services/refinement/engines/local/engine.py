"""The parent's side of the local engine: borrows a studio and lets it draw."""

from services.refinement.engines import Instruction, Refinement
from services.refinement.engines.local import NAME, VERSION
from services.refinement.jobs import Draw
from services.refinement.pictures import PictureLimits
from services.refinement.progress import Moved, unmoved
from services.refinement.studio import Studios


class LocalEngine:
    """Refines on this machine, deterministically, by typed operations on palette and regions."""

    name: str = NAME
    version: str = VERSION

    def __init__(
        self,
        *,
        studios: Studios,
        limits: PictureLimits | None = None,
        with_vector: bool = False,
    ) -> None:
        """`with_vector` makes an SVG besides, where the result is flat."""
        self._studios = studios
        self._with_vector = with_vector
        self._limits = limits or PictureLimits()

    async def refine(
        self,
        *,
        original: bytes,
        instruction: Instruction,
        timeout_s: float,
        moved: Moved = unmoved,
    ) -> Refinement:
        """Refine in a free studio; waiting for one counts towards `timeout_s`."""
        job = Draw(
            original=original,
            instruction=instruction,
            limits=self._limits,
            with_vector=self._with_vector,
        )
        return await self._studios.run(job, timeout_s=timeout_s, moved=moved)

    async def close(self) -> None:
        """Nothing to end: the studios belong to who made them."""
