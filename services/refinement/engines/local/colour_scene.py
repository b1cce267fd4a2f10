"""What colour operations work on: the colours of a picture as rows, each belonging to an entry.

Whoever reads the picture builds a `ColourScene`; `edits.apply_colours` edits its rows; whoever
draws the picture reads them again. Which rows there are beyond the entries is theirs to choose.
"""

from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from services.refinement.engines.local.colour import Colours, Weights, from_lch, membership
from services.refinement.engines.local.refusals import NotApplicable

# A weight above this counts as belonging; less than this share of a picture is not there at all.
MEMBER: Final = 0.35
SHARE_MIN: Final = 0.001
_SAME_COLOUR: Final = 0.03


class ColourScene(msgspec.Struct, kw_only=True):
    """The colours of a picture under edit.

    Attributes:
        rows: N x 3, OKLCH, replaced by every edit; the first E rows are the entries themselves.
        owner: N, the entry that each row belongs to and is edited like.
        shares: E, the share of the picture that each entry has.
        background: the entry that is the background; None where it is transparent or mixed.
        text: E, 1 where an entry is lettering.
        kept: E, from 0 to 1, 1 where an entry must stay as it is.
        contacts: (E + 1) x (E + 1), how long each two entries touch, in pixels; the last row and
            column are what is transparent. None where nobody knows.
    """

    rows: Colours
    owner: NDArray[np.intp]
    shares: Weights
    background: int | None
    text: Weights
    kept: Weights
    contacts: NDArray[np.intp] | None = None

    @property
    def entries(self) -> Colours:
        """The entries' own colours, E x 3."""
        return self.rows[: len(self.shares)]

    def share_of(self, members: Weights) -> float:
        """Return the share of the picture that the entries with these weights have."""
        return float(self.shares[members > MEMBER].sum())

    def foreground(self) -> NDArray[np.bool_]:
        """Say which entries are not the background; a picture of one entry is all foreground."""
        entries = np.ones(len(self.shares), dtype=np.bool_)
        if self.background is not None and len(entries) > 1:
            entries[self.background] = False
        return entries

    def ground(self) -> NDArray[np.bool_]:
        """Say which entries have the background's colour: itself, and gaps in the logo."""
        if self.background is None:
            return np.zeros(len(self.shares), dtype=np.bool_)
        lab = from_lch(self.entries)
        distances = np.linalg.norm(lab - lab[self.background], axis=-1)
        same: NDArray[np.bool_] = (distances < _SAME_COLOUR) & (self.text <= MEMBER)
        same[self.background] = True
        return same

    def everything(self) -> Weights:
        """Return a weight of 1 for every entry."""
        return np.ones(len(self.shares), dtype=np.float32)

    def members(self, scope: str | None) -> Weights:
        """Return how much each entry is meant by a scope of `operations`.

        Raises:
            NotApplicable: nothing in the picture is meant.
        """
        match scope:
            case None:
                return self.everything()
            case "background":
                return self._background()
            case "foreground":
                return self._present(
                    self.foreground().astype(np.float32), "there is nothing but background"
                )
            case "text":
                return self._present(
                    self.text.astype(np.float32),
                    "there is no lettering that this engine recognises",
                )
            case family:
                return self._present(membership(self.entries, family), f"there is no {family}")

    def _background(self) -> Weights:
        if self.background is None:
            raise NotApplicable(reason="the background is transparent or not of one colour")
        members = np.zeros(len(self.shares), dtype=np.float32)
        members[self.background] = 1
        return members

    def _present(self, members: Weights, absence: str) -> Weights:
        if self.share_of(members) < SHARE_MIN:
            raise NotApplicable(reason=f"{absence} in the picture")
        return members
