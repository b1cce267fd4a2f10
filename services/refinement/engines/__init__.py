"""The port of the engines: image bytes and an instruction become image bytes and a plan."""

from typing import Any, Protocol

import msgspec

from services.refinement.pictures import PictureFacts
from services.refinement.progress import Moved, unmoved


class Instruction(msgspec.Struct, frozen=True, kw_only=True):
    """What the user asked for; the descriptions may only resolve what the prompt leaves open."""

    refinement_prompt: str
    logo_description: str | None = None
    theme_description: str | None = None
    preserve_aspects: tuple[str, ...] = ()


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """Who made a picture, for the record; `cost` in US dollars where a provider states one."""

    name: str
    version: str
    request_id: str | None = None
    cost: float | None = None


class Thumbnail(msgspec.Struct, frozen=True, kw_only=True):
    """A refined picture made small."""

    body: bytes
    picture: PictureFacts


class Vector(msgspec.Struct, frozen=True, kw_only=True):
    """A refined picture as SVG; its sides are those of the picture."""

    body: bytes
    picture: PictureFacts


class Refinement(msgspec.Struct, frozen=True, kw_only=True):
    """A refined picture and how it came about.

    `plan` is JSON-able: `applied` and `skipped` (each with its `reason`) operations, and the
    `unmatched` phrases of the prompt.
    """

    body: bytes
    picture: PictureFacts
    original: PictureFacts
    plan: dict[str, Any]
    engine: Provenance
    thumbnail: Thumbnail | None = None
    vector: Vector | None = None


class Engine(Protocol):
    """Changes pixels. May be called concurrently, holds nothing between calls."""

    @property
    def name(self) -> str:
        """The engine's name in events and settings."""

    @property
    def version(self) -> str:
        """Changes whenever the same input may give another picture."""

    async def refine(
        self,
        *,
        original: bytes,
        instruction: Instruction,
        timeout_s: float,
        moved: Moved = unmoved,
    ) -> Refinement:
        """Return the refined picture within `timeout_s`; never an untouched one as refined.

        Tells how much is done, as far as it knows. Cancelling ends the work.

        Raises:
            RefinementFailure: why there is none, and whether to try again.
        """

    async def close(self) -> None:
        """End what the engine started; calls under way fail."""
