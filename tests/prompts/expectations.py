"""What is expected of the plan for a prompt: the lines of a set."""

import re
import typing
from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias

import msgspec

from services.refinement.engines import Instruction
from services.refinement.engines.local.named_colours import FAMILIES, NAMED
from services.refinement.engines.local.operations import LookName, Operation

ANY: Final = "any"

Whatever: TypeAlias = Literal["any"]
Style: TypeAlias = Literal[
    "plain",
    "slang",
    "complaint",
    "negation",
    "typo",
    "long",
    "terse",
    "nonnative",
    "keep",
    "unsupported",
    "nonsense",
]

SLOTS: Final = (
    "colour",
    "colours",
    "source",
    "target",
    "count",
    "look",
    "degrees",
    "axis",
    "factor",
)
_PARTS: Final = ("background", "foreground", "text")
_HEX: Final = re.compile("#[0-9a-f]{6}")


def tag_of(kind: type[msgspec.Struct]) -> str:
    """Return the name of a kind of operation."""
    return str(kind.__struct_config__.tag)


KINDS: Final[dict[str, type[msgspec.Struct]]] = {
    tag_of(kind): kind for kind in typing.get_args(Operation)
}


class Expected(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An operation a plan should have: its kind, and the slots that matter.

    A slot left out matches anything, except `scope`: without one, the operation must be for the
    whole logo. `direction` is the sign of the amount, or of the degrees of a turn.
    """

    operation: str
    direction: Literal[1, -1] | None = None
    strength: Literal["weak", "strong"] | None = None
    scope: str | None = None
    colour: str | None = None
    colours: tuple[str, ...] | None = None
    source: str | None = None
    target: str | None = None
    count: int | None = None
    look: LookName | Whatever | None = None
    degrees: float | None = None
    axis: Literal["horizontal", "vertical"] | Whatever | None = None
    factor: float | Whatever | None = None

    def __post_init__(self) -> None:
        """Refuse what no operation can be: such an expectation would never be met."""
        kind = KINDS.get(self.operation)
        if kind is None:
            raise ValueError(f"no such operation: {self.operation}")
        fields = set(kind.__struct_fields__)
        given = {slot for slot in (*SLOTS, "scope") if getattr(self, slot) is not None}
        if self.direction is not None and "degrees" not in fields:
            given.add("amount")
        if self.strength is not None:
            given.add("amount")
        if given - fields:
            raise ValueError(f"{self.operation} has no {', '.join(sorted(given - fields))}")
        for colour in (self.colour, self.target, *(self.colours or ())):
            if not _is_known(colour, NAMED):
                raise ValueError(f"no such colour: {colour}")
        for area in (self.scope, self.source):
            if not _is_known(area, {*NAMED, *FAMILIES, *_PARTS}):
                raise ValueError(f"no such part of a logo: {area}")


class Prompt(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of a set: an instruction, and the plans that are right for it.

    `plans` are alternatives, the canonical one first. `skips` asks for an honest "cannot do that"
    beside the steps. What matches `forbidden` is a wrong direction; there, a scope left out is any.
    """

    prompt: str
    plans: Annotated[tuple[tuple[Expected, ...], ...], msgspec.Meta(min_length=1)]
    theme: str | None = None
    description: str | None = None
    keep: tuple[str, ...] = ()
    skips: bool = False
    forbidden: tuple[Expected, ...] = ()
    style: Style = "plain"

    def instruction(self) -> Instruction:
        """Return what the engine would be given."""
        return Instruction(
            refinement_prompt=self.prompt,
            theme_description=self.theme,
            logo_description=self.description,
            preserve_aspects=self.keep,
        )


def _is_known(name: str | None, names: Collection[str]) -> bool:
    return name in {None, ANY} or name in names or _HEX.fullmatch(str(name)) is not None


_PROMPT: Final = msgspec.json.Decoder(Prompt)


def read_prompts(path: Path) -> tuple[Prompt, ...]:
    """Return the prompts of a set; raise `ValueError` with the number of a line that is none."""
    prompts = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        if not line.strip():
            continue
        try:
            prompts.append(_PROMPT.decode(line))
        except msgspec.DecodeError as error:
            raise ValueError(f"{path.name}, line {number}: {error}") from error
    return tuple(prompts)
