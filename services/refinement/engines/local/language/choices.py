"""Reads what was decided where several things were named: the one that won is the wish.

Of alternatives the one that is preferred counts, of what is liked but for one part that part, and
what somebody would do "if it were up to me" does not.
"""

from collections.abc import Sequence
from typing import Final

from services.refinement.engines.local.language import vocabulary as words_of
from services.refinement.engines.local.language.morphology import words
from services.refinement.engines.local.language.sentences import (
    SENTENCE_ENDS,
    sentence_around,
    word_at,
)
from services.refinement.engines.local.language.tokens import Token, colour_of

_CHOOSING: Final = words("prefer lean leaning favour favor choose pick take go leaning vote plump")
_CHOICE_WORDS: Final = words(
    "i we would go with for towards toward the a an prefer lean leaning favour favor choose pick "
    "take think probably well personally my our favourite favorite choice is be vote rather please "
    "slightly more to am are one and just let lets option on prefers preferred first"
)
_NEAR_TO: Final = words("a an the or , some in with")
_SUGGESTING: Final = words("suggested proposed recommended mentioned requested suggests proposes")
_SHOWING: Final = words("show try do see go make give use implement")
_POINTING: Final = frozenset({"that", "it", "this"})
_ASSENTING: Final = (
    _SHOWING
    | _POINTING
    | words(
        "could can you please us him her them me let lets we i would to like with so and then he "
        "she "
        "they what looks how see may might out a just"
    )
)
_KEEPING: Final = words("keep leave everything all rest anything")
_STANDING_FOR: Final = words("it that they them those which this")
_APPROVING: Final = words("approved approves signed accepted okay ok agreed satisfied pleased")
_WINNING: Final = words("won wins winner chosen decision final verdict")
_BARE_MAX: Final = 3
_IT_IS: Final = ("it", "is")
_DECIDED: Final = _WINNING | words(
    "it in the end is was and so our we my for finally a has have been got ended up as of "
    "team client"
)
_AHEAD: Final = 10
_REACH: Final = 6


def decided(tokens: Sequence[Token]) -> list[Token]:
    """Return the words of a prompt with only what was decided of what it weighs."""
    left = list(tokens)
    for step in (
        _without_dreams,
        _with_exception,
        _with_decided_colour,
        _without_lost_choice,
        _with_suggested,
    ):
        left = step(left)
    return left


def _with_exception(tokens: list[Token]) -> list[Token]:
    """Let what is said after "all but the colours" be about these: they are not to be kept."""
    for at, token in enumerate(tokens):
        if token.word != "except":
            continue
        start, end = sentence_around(tokens, at)
        before = {one.word for one in tokens[start:at]}
        rest = list(tokens[at + 1 : end])
        pause = next((n for n, one in enumerate(rest) if one.word == ","), 0)
        pronoun = _pronoun_after(rest, pause) if 0 < pause <= _REACH else None
        is_liked = bool(before & (words_of.PRAISING | _APPROVING))
        if pronoun is not None and (is_liked or before & _KEEPING):
            rest = [*rest[pause + 1 : pronoun], *rest[:pause], *rest[pronoun + 1 :]]
        elif is_liked and len(rest) <= _BARE_MAX:
            # "Perfect except for the shadow": nothing is said of it but that.
            undrawn = words_of.SHADOWS | words_of.GRADIENTS
            if not {one.word for one in rest} & undrawn:
                continue
            rest.insert(0, token._replace(word="remove"))
        elif not is_liked:
            continue
        return [*tokens[:at], token._replace(word=";"), *rest, *tokens[end:]]
    return tokens


def _pronoun_after(rest: Sequence[Token], pause: int) -> int | None:
    """Return where a pronoun stands for what was excepted: "which", "could that be"."""
    for at in range(pause + 1, min(pause + 1 + _REACH, len(rest))):
        if rest[at].word in _STANDING_FOR and word_at(rest, at + 1) != "please":
            return at
    return None


def _with_decided_colour(tokens: list[Token]) -> list[Token]:
    """Let "navy won in the end", "silver it is" be orders."""
    left: list[Token] = []
    at = 0
    while at < len(tokens):
        end = at
        while end < len(tokens) and tokens[end].word not in SENTENCE_ENDS | {","}:
            end += 1
        piece = tokens[at:end]
        spoken = {one.word for one in piece if colour_of(one.word) is None}
        named = [one for one in piece if colour_of(one.word) is not None]
        is_it = len(piece) > len(_IT_IS) and tuple(one.word for one in piece[-2:]) == _IT_IS
        is_it = is_it and colour_of(piece[-3].word) is not None
        if len(named) == 1 and (is_it or spoken & _WINNING) and spoken <= _DECIDED:
            left += [named[0]._replace(word="use"), named[0]]
        else:
            left += piece
        left += tokens[end : end + 1]
        at = end + 1
    return left


def _without_dreams(tokens: list[Token]) -> list[Token]:
    """Leave out "if it were up to me I'd make it black, but" before what is decided."""
    for at, token in enumerate(tokens):
        if token.word != "uptome":
            continue
        _, end = sentence_around(tokens, at)
        but = next((n for n in range(at, end) if tokens[n].word == "but"), at)
        return [*tokens[:at], *tokens[but + 1 :]]
    return tokens


def _without_lost_choice(tokens: list[Token]) -> list[Token]:
    """Leave out the colour that lost: "a coral or a terracotta? I lean towards the coral"."""
    for at, token in enumerate(tokens):
        pair = _alternatives(tokens, at) if token.word == "or" else None
        if pair is None:
            continue
        _, end = sentence_around(tokens, at)
        start = end + 1
        _, stop = sentence_around(tokens, min(start, len(tokens) - 1))
        chosen = [colour_of(one.word) for one in tokens[start:stop] if colour_of(one.word)]
        names = [colour_of(tokens[place].word) for place in pair]
        is_choice = len(chosen) == 1 and chosen[0] in names and _is_choice(tokens[start:stop])
        if is_choice:
            kept = pair[names.index(chosen[0])]
            first, last = min(pair), max(pair)
            return [*tokens[:first], tokens[kept], *tokens[last + 1 : end], *tokens[stop:]]
    return tokens


def _is_choice(sentence: Sequence[Token]) -> bool:
    """Say whether a sentence only says which colour is preferred."""
    spoken = {one.word for one in sentence if colour_of(one.word) is None}
    chooses = bool(spoken & _CHOOSING) or bool({"favourite", "favorite", "choice"} & spoken)
    return chooses and not spoken & words_of.NEGATED and spoken - {",", "'"} <= _CHOICE_WORDS


def _alternatives(tokens: Sequence[Token], at: int) -> tuple[int, int] | None:
    """Return where the two colours are that stand on both sides of "or"."""
    after = at + 1
    while word_at(tokens, after) in _NEAR_TO:
        after += 1
    if colour_of(word_at(tokens, at - 1) or "-") and colour_of(word_at(tokens, after) or "-"):
        return at - 1, after
    return None


def _with_suggested(tokens: list[Token]) -> list[Token]:
    """Let a colour be wished for that was suggested and is asked to be shown."""
    for at, token in enumerate(tokens):
        if token.word not in _SUGGESTING:
            continue
        ahead = tokens[at + 1 : at + 1 + _AHEAD]
        named = [n for n, one in enumerate(ahead) if colour_of(one.word)]
        if len(named) != 1 or any(one.word in words_of.NEGATED for one in ahead):
            continue
        after = at + 1 + named[0] + 1
        while word_at(tokens, after) in {"instead", "tone", "version"}:
            after += 1
        if word_at(tokens, after) not in SENTENCE_ENDS | {","}:
            continue
        _, end = sentence_around(tokens, after + 1) if after + 1 < len(tokens) else (0, len(tokens))
        assent = {one.word for one in tokens[after + 1 : end]} - {",", "'"}
        if assent & _SHOWING and assent & _POINTING and assent <= _ASSENTING:
            start, _ = sentence_around(tokens, at)
            asked = token._replace(word="use")
            return [*tokens[:start], asked, *tokens[at + 1 : after], *tokens[end:]]
    return tokens
