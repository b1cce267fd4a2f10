"""Leaves out the points of a numbered list that a prompt says to ignore."""

from collections.abc import Sequence
from typing import Final

from services.refinement.engines.local.language.morphology import words
from services.refinement.engines.local.language.tokens import Token

_IGNORING: Final = words("ignore skip disregard forget omit")
_ORDINALS: Final = {
    **dict.fromkeys(("first", "1", "one"), "1"),
    **dict.fromkeys(("second", "2", "two"), "2"),
    **dict.fromkeys(("third", "3", "three"), "3"),
    **dict.fromkeys(("fourth", "4", "four"), "4"),
    **dict.fromkeys(("fifth", "5", "five"), "5"),
}
# "Ignore the third", "skip point 3": how far the number may stand from its verb.
_REACH: Final = 3
_BULLETS: Final = frozenset({"\n", ">", "-", "*"})
_AFTER_NUMBER: Final = frozenset({")", ".", ":"})


def without_ignored_points(tokens: Sequence[Token]) -> tuple[Token, ...]:
    """Return the tokens of a prompt but for the points of its list that it says to ignore."""
    ignored = {
        _ORDINALS[following.word]
        for at, token in enumerate(tokens)
        if token.word in _IGNORING
        for following in tokens[at + 1 : at + 1 + _REACH]
        if following.word in _ORDINALS
    }
    if not ignored:
        return tuple(tokens)
    kept: list[Token] = []
    drops = False
    for at, token in enumerate(tokens):
        point = _point_at(tokens, at)
        if point is not None:
            drops = point in ignored
        elif token.word == "\n":
            drops = False
        if not drops:
            kept.append(token)
    return tuple(kept)


def _point_at(tokens: Sequence[Token], at: int) -> str | None:
    """Return the number of the point of a list that starts at a token."""
    follows = tokens[at + 1].word if at + 1 < len(tokens) else ""
    starts = at == 0 or tokens[at - 1].word in _BULLETS
    return tokens[at].word if starts and follows in _AFTER_NUMBER else None
