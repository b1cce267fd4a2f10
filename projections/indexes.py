"""The indexes that views are read with, as `deploy/mongodb/indexes.json` declares them."""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Final

import msgspec


class Index(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One index: its fields in order, each ascending (1) or descending (-1)."""

    name: str
    keys: dict[str, int]


class ViewsMismatch(Exception):
    """The view store is not as declared: refuse to serve, and provision it first."""

    def __init__(self, *, differences: Sequence[str]) -> None:
        super().__init__("the view store is not as declared: " + "; ".join(differences))
        self.differences = tuple(differences)


_DECODER: Final = msgspec.json.Decoder(dict[str, tuple[Index, ...]])


def declared_indexes() -> Mapping[str, tuple[Index, ...]]:
    """The declared indexes of each collection."""
    return _DECODER.decode((files("deploy") / "mongodb" / "indexes.json").read_bytes())
