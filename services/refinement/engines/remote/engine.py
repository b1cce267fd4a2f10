"""The engine around a provider: what leaves us is clean, and what comes back is not trusted."""

import asyncio
from typing import Any, Final, Protocol

import msgspec

from services.refinement.engines import Instruction, Provenance, Refinement
from services.refinement.engines.remote.client import unusable
from services.refinement.engines.remote.prompt import prompt_of
from services.refinement.failures import RefinementFailure
from services.refinement.jobs import Clean
from services.refinement.pictures import PictureLimits
from services.refinement.progress import Moved, Span, guessed, unmoved, within
from services.refinement.studio import Studios

# What providers take for a picture as a rule, and which part of the whole that is.
EDIT_USUAL_S: Final = 20.0
EDIT_SPAN: Final = Span(0.05, 0.95)


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider made: untrusted bytes, and its account of it; `cost` in US dollars."""

    body: bytes
    model: str
    request_id: str | None = None
    usage: dict[str, Any] = {}
    cost: float | None = None


class Provider(Protocol):
    """Somebody who edits pictures for money. May be called concurrently."""

    @property
    def name(self) -> str:
        """The provider's name in events and settings."""

    @property
    def model(self) -> str:
        """What edits the picture there."""

    async def edit(self, picture: bytes, prompt: str, *, timeout_s: float) -> Edit:
        """Have a PNG edited, with at most one call that is paid for.

        Raises:
            RefinementFailure: ProviderUnclear if the call may have been paid for in vain.
        """

    async def close(self) -> None:
        """Close connections; edits under way fail."""


class RemoteEngine:
    """Refines through a provider. Both pictures pass a studio: only pixels go out and come in."""

    def __init__(
        self, *, provider: Provider, studios: Studios, limits: PictureLimits | None = None
    ) -> None:
        self._provider = provider
        self._studios = studios
        self._limits = limits or PictureLimits()

    @property
    def name(self) -> str:
        """The provider's name."""
        return self._provider.name

    @property
    def version(self) -> str:
        """The provider's model."""
        return self._provider.model

    async def refine(
        self,
        *,
        original: bytes,
        instruction: Instruction,
        timeout_s: float,
        moved: Moved = unmoved,
    ) -> Refinement:
        """Clean the original, have it edited, clean the result."""
        clock = asyncio.get_running_loop()
        deadline = clock.time() + timeout_s
        sent = await self._studios.run(
            Clean(original=original, limits=self._limits), timeout_s=timeout_s
        )
        async with guessed(within(moved, EDIT_SPAN), usual_s=EDIT_USUAL_S):
            edit = await self._provider.edit(
                sent.body, prompt_of(instruction), timeout_s=deadline - clock.time()
            )
        await moved(EDIT_SPAN.end)
        received = await self._clean_result(edit.body, timeout_s=deadline - clock.time())
        if received.picture.sha256 == sent.picture.sha256:
            raise unusable("the picture came back as it was")
        return Refinement(
            body=received.body,
            picture=received.picture,
            original=sent.original,
            plan=_plan_of(edit, instruction),
            engine=Provenance(
                name=self.name,
                version=edit.model,
                request_id=edit.request_id,
                cost=edit.cost,
            ),
        )

    async def close(self) -> None:
        """Close the provider's connections; the studios belong to who made them."""
        await self._provider.close()

    async def _clean_result(self, body: bytes, *, timeout_s: float) -> Refinement:
        try:
            return await self._studios.run(
                Clean(original=body, limits=self._limits), timeout_s=timeout_s
            )
        except RefinementFailure as failure:
            # Not the user's picture, and paid for: neither the user's fault nor worth a repetition.
            raise unusable(f"result: {failure.code}") from failure


def _plan_of(edit: Edit, instruction: Instruction) -> dict[str, Any]:
    return {
        "applied": [{"operation": "provider_edit", "phrase": instruction.refinement_prompt}],
        "skipped": [],
        "unmatched": [],
        "usage": edit.usage,
    }
