"""Entity tags of tasks (RFC 9110): what a client has seen, so that it is not sent again."""

import re
from collections.abc import Sequence
from typing import Final

import msgspec

# An opaque tag in quotes, weak or not: tags of GET are compared weakly.
_TAG: Final = re.compile(r'(?:W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
_ANY: Final = "*"


class EntityTag(msgspec.Struct, frozen=True, kw_only=True):
    """Names what a task's body says: the position of its last event, and what varies besides.

    Weak, because two bodies of one tag may differ in the signature of a URL.
    """

    position: int
    variant: str = "0"

    @property
    def _opaque(self) -> str:
        return f"{self.position}-{self.variant}"

    def header(self) -> str:
        """The value of the `ETag` header."""
        return f'W/"{self._opaque}"'

    def is_in(self, values: Sequence[str]) -> bool:
        """Whether a client that sent these `If-None-Match` headers has this very body."""
        return any(value.strip() == _ANY or self._opaque in _TAG.findall(value) for value in values)

    def is_news_to(self, values: Sequence[str]) -> bool:
        """Whether such a client lacks an event of the task, whatever varies besides.

        One that does not say what it has, or that it has something, is told nothing new.
        """
        known = [tag for value in values for tag in _TAG.findall(value)]
        return bool(known) and not any(tag.startswith(f"{self.position}-") for tag in known)
