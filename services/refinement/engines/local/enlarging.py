"""Says how far a picture can be enlarged, against what was asked for and what it was before."""

import re
from typing import Final

import msgspec

from services.refinement.engines.local.ground import SIDE_PX_MAX
from services.refinement.engines.local.operations import Upscale
from services.refinement.engines.local.refusals import NotApplicable

_GAIN_MIN: Final = 1.01
# "to 4000 pixels", "3000px", "3000 x 2000"; the larger of two sides is the one that counts.
_SIDES: Final = re.compile(
    r"(\d{2,5})\s{0,2}(?:px\b|pixels?\b|[x\u00d7]\s{0,2}(\d{2,5})\b)", re.IGNORECASE
)
_NAMED_SIDES: Final = {"4k": 3840, "8k": 7680}


class Enlargement(msgspec.Struct, frozen=True, kw_only=True):
    """What an enlargement comes to.

    Attributes:
        factor: by how much the pixels under work are enlarged.
        reached: the operation as it is carried out, against the original.
        shortfall: why that is less than was asked for; None if it is not.
    """

    factor: float
    reached: Upscale
    shortfall: str | None


def side_named(phrase: str) -> int | None:
    """Return the side in pixels that a phrase asks for, if it names one."""
    sides = [int(side) for match in _SIDES.finditer(phrase) for side in match.groups() if side]
    sides += [side for name, side in _NAMED_SIDES.items() if name in phrase.lower().split()]
    return max(sides, default=None)


def enlargement(operation: Upscale, *, side: int, scale: float) -> Enlargement:
    """Bound an enlargement by what pictures may measure.

    Args:
        operation: what is asked for.
        side: the longer side of the picture under work, in pixels.
        scale: how large the picture is worked on, 1 for as large as the original.

    Raises:
        NotApplicable: the picture would have no more pixels than the original.
    """
    if operation.side_px is None:
        wanted = operation.factor * side / scale
    else:
        wanted = float(operation.side_px)
        if wanted * scale < _GAIN_MIN * side:
            raise NotApplicable(reason=f"the picture has {round(side / scale)} pixels a side")
    after = min(round(wanted), SIDE_PX_MAX)
    gain = after * scale / side
    if gain < _GAIN_MIN:
        raise NotApplicable(
            reason=f"the picture has {round(side / scale)} pixels a side, and gets no more than "
            f"{SIDE_PX_MAX}"
        )
    shortfall = None
    if wanted >= _GAIN_MIN * after:
        shortfall = f"only {after} pixels a side: pictures get no more"
    return Enlargement(
        factor=after / side,
        reached=Upscale(factor=round(gain, 2), side_px=operation.side_px),
        shortfall=shortfall,
    )
