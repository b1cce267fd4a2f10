"""Reads a sentence by the one before it: which part "it" is, which of two things was chosen.

"The blue should not be lighter, it should be deeper" is about the blue, "white background doesn't
work, make it cream" about the background. Where nothing was chosen, nothing is asked for.
"""

import itertools
from collections.abc import Sequence
from typing import Final

from services.refinement.engines.local.language import vocabulary as words_of
from services.refinement.engines.local.language.attributes import SENSES
from services.refinement.engines.local.language.changing_verbs import UNCLEAR
from services.refinement.engines.local.language.morphology import words
from services.refinement.engines.local.language.sentences import SENTENCE_ENDS, word_at
from services.refinement.engines.local.language.tokens import Token, colour_of

# What is made of a file: too small for it are the pixels.
MEDIA: Final = words(
    "banner banners print prints printing printed printer poster posters billboard billboards "
    "resolution dpi pixels pixel px"
)
_MARKS: Final = SENTENCE_ENDS | {",", ":", "but", "so"}
_DETERMINING: Final = words("the our this that my its your")
_OWING: Final = words("should must needs ought wants")
_CAUSING: Final = words("make turn paint change colour color do")
_LINES: Final = words_of.OUTLINES | words_of.BORDERS
_GROUNDS: Final = words_of.BACKGROUNDS | words_of.TEXTS | _LINES
_RINGS: Final = _LINES | words("line ring halo glow circle box stroke strokes")
_BAD: Final = words("bad wrong odd weird strange awful terrible ugly crazy silly mad stupid tacky")
_SUPPOSING: Final = words("would is wouldnot isnot might could")
_TAKING: Final = words(
    "i we would will take go with for pick choose prefer have a an the one please let lets rather "
    "like personally think say vote my choice is"
)
_CHOOSING: Final = words("take pick choose prefer go vote choice have")
_OFFERING: Final = words("one another half some other others")
_SUFFICING: Final = words("do work suit")
_BEING: Final = words("is be are")
_BETTER: Final = words("better nicer fine good enough great perfect ideal lovely")
_NEITHER: Final = words("neither none")
_TURNED: Final = words("back down off away toward towards to into out over")
_WITHIN: Final = 3
_REACH: Final = 12
_PUSHED: Final = ("turn", "increase")


def with_what_was_said(tokens: Sequence[Token]) -> list[Token]:
    """Return the words of a prompt with what refers to the sentence before put plainly."""
    pieces = [_with_medium(one) for one in _pieces(_with_pushed(_with_rings(tokens)))]
    left: list[list[Token]] = []
    for piece in pieces:
        said = [one for before in left[-_WITHIN:] for one in before]
        if _finds_neither(piece):
            left = [*left[:-1], *([_unclear(left[-1])] if left else []), _unclear(piece)]
        elif left and _takes_back(_body(left[-1]), _body(piece)):
            left = [*left[:-1], _unclear(left[-1]), piece]
        elif _asks_whether_bad(piece):
            left.append(_unclear(piece))
        elif (line := _with_chosen_line(piece, said)) is not None:
            left = [*left[:-_WITHIN], *(_without_offer(one) for one in left[-_WITHIN:]), line]
        else:
            left.append(_with_suggested(piece, said) or _with_subject(piece, left[-1:]) or piece)
    return [one for piece in left for one in piece]


def _pieces(tokens: Sequence[Token]) -> list[list[Token]]:
    """Return the words between marks, each run with the mark that ends it."""
    pieces: list[list[Token]] = [[]]
    for token in tokens:
        pieces[-1].append(token)
        if token.word in _MARKS:
            pieces.append([])
    return [piece for piece in pieces if piece]


def _body(piece: Sequence[Token]) -> list[Token]:
    return [one for one in piece if one.word not in _MARKS]


def _unclear(piece: Sequence[Token]) -> list[Token]:
    """Return what is not to be understood as one word."""
    body = _body(piece)
    if not body:
        return list(piece)
    return [Token(UNCLEAR, body[0].start, body[-1].end), *piece[len(body) :]]


def _with_rings(tokens: Sequence[Token]) -> list[Token]:
    """Let "a white line around the logo" be a line, and no margin."""
    left: list[Token] = []
    for at, token in enumerate(tokens):
        before = {one.word for one in tokens[max(0, at - 2) : at]}
        is_around = token.word == "padding" and token.end - token.start > len("around")
        left.append(token._replace(word="around") if is_around and before & _RINGS else token)
    return left


def _with_pushed(tokens: list[Token]) -> list[Token]:
    """Let "push the blues" be more of them, where no word after it turns the sense."""
    left: list[Token] = []
    for at, token in enumerate(tokens):
        ahead = [one.word for one in tokens[at + 1 : at + 4]]
        is_pushed = token.word == "push" and ahead[:1] == ["the"] and len(ahead) > 1
        if is_pushed and colour_of(ahead[1]) and not {*ahead[2:]} & _TURNED:
            if left and left[-1].word == "and":
                left.append(left.pop()._replace(word=";"))
            left += [token._replace(word=word, start=token.start) for word in _PUSHED]
        else:
            left.append(token)
    return left


def _with_medium(piece: list[Token]) -> list[Token]:
    """Let "too small when printed on a banner" be said of the banner, and not of the margins."""
    for at, token in enumerate(piece):
        sense = SENSES.get(token.word)
        is_size = sense is not None and sense.quality == "size"
        ahead = [one for one in piece[at + 1 :] if one.word in MEDIA]
        if is_size and ahead and word_at(piece, at - 1) == "too":
            rest = [token._replace(word="for", start=token.end), ahead[0]]
            return [*piece[: at + 1], *rest, *piece[len(_body(piece)) :]]
    return piece


def _finds_neither(piece: Sequence[Token]) -> bool:
    """Say whether all that was offered is declined: "I prefer neither"."""
    said = {one.word for one in _body(piece)}
    return bool(said & _NEITHER) and said <= _TAKING | _NEITHER | words("of them those these both")


def _takes_back(before: Sequence[Token], body: Sequence[Token]) -> bool:
    """Say whether a piece wants more of the colour that the one before wants less of."""
    amounts = [{one.word for one in said} & {"more", "less"} for said in (before, body)]
    colours = [{colour_of(one.word) for one in said} - {None} for said in (before, body)]
    are_short = max(len(before), len(body)) <= _WITHIN * 2
    is_turned = {*amounts[0], *amounts[1]} == {"more", "less"} and len(amounts[0]) == 1
    return are_short and is_turned and len(amounts[1]) == 1 and colours[0] == colours[1] != set()


def _asks_whether_bad(piece: Sequence[Token]) -> bool:
    """Say whether somebody only wonders: "would a red one be bad?"."""
    said = [one.word for one in piece]
    is_asked = said[-1] == "?" and said[0] in _SUPPOSING
    return is_asked and len(said) <= _REACH and said[-2:-1] != [] and said[-2] in _BAD


def _without_offer(piece: list[Token]) -> list[Token]:
    """Leave out a line that somebody else wanted, now that one was chosen."""
    spoken = {one.word for one in piece}
    is_offer = bool(spoken & (_LINES | _OFFERING)) and any(colour_of(one) for one in spoken)
    return _unclear(piece) if is_offer else piece


def _with_chosen_line(piece: Sequence[Token], said: Sequence[Token]) -> list[Token] | None:
    """Read "I'd take white" as the line that was named before, if that is all it says."""
    body = _body(piece)
    named = [one for one in body if colour_of(one.word) is not None]
    spoken = {one.word for one in body if colour_of(one.word) is None}
    if len(named) != 1 or not (spoken & _CHOOSING and spoken <= _TAKING):
        return None
    chosen = named[0]
    line = next((one for one in said if one.word in _LINES), None)
    offered = [colour_of(one.word) for one in said]
    is_listed = len({one for one in offered if one}) > 1 and colour_of(chosen.word) in offered
    if line is None or not is_listed:
        return None
    if any(one.word in words_of.TEXTS | words_of.BACKGROUNDS for one in said):
        return _unclear(piece)
    first = chosen._replace(end=chosen.start)
    return [
        *(first._replace(word="add"), first._replace(word="a"), chosen),
        *(Token(line.word, chosen.end, chosen.end), *piece[len(_body(piece)) :]),
    ]


def _with_suggested(piece: Sequence[Token], said: Sequence[Token]) -> list[Token] | None:
    """Read "we find the pink childish; a dusty rose would do" as a change of the pink."""
    body = _body(piece)
    named = [one for one in body if colour_of(one.word) is not None]
    words_said = {one.word for one in body}
    is_enough = bool(words_said & _SUFFICING) or (
        bool(words_said & _BEING) and bool(words_said & _BETTER)
    )
    if len(named) != 1 or "would" not in words_said or not is_enough or body[0].word == "the":
        return None
    wished = named[0]
    blamed = [
        one
        for before, one in itertools.pairwise(said)
        if before.word in _DETERMINING and colour_of(one.word) is not None
    ]
    if not blamed:
        return None
    spoken = {one.word for one in said}
    is_liked = bool(spoken & words_of.PRAISING) and not spoken & words_of.NEGATED
    if is_liked or len(blamed) > 1 or spoken & _GROUNDS:
        return _unclear(piece)
    first = wished._replace(end=wished.start)
    return [
        *(first._replace(word="change"), first._replace(word="the")),
        *(first._replace(word=blamed[0].word), first._replace(word="to")),
        *(wished, *piece[len(_body(piece)) :]),
    ]


def _with_subject(piece: Sequence[Token], before: Sequence[list[Token]]) -> list[Token] | None:
    """Let "it" be what the piece before denies something of."""
    body = _body(piece)
    subject = _denied(_body(before[0])) if before else None
    places = [at for at, one in enumerate(body) if one.word == "it"]
    if subject is None or len(places) != 1:
        return None
    at = places[0]
    follows = word_at(body, at + 1)
    is_owed = at <= 1 and follows in _OWING
    is_made = word_at(body, at - 1) in _CAUSING and at > 0
    is_compared = follows in SENSES and SENSES[follows].form == "explicit"
    is_colour = colour_of(follows) is not None
    if subject.word in _GROUNDS:
        fits = is_made and is_colour and len(body) <= at + _WITHIN
    else:
        fits = is_owed or (is_made and is_compared)
    if not fits:
        return None
    it = body[at]
    named = [it._replace(word="the"), it._replace(word=subject.word)]
    return [*piece[:at], *named, *piece[at + 1 :]]


def _denied(body: Sequence[Token]) -> Token | None:
    """Return the colour or part that a piece says something against, if it starts with it."""
    said = [one.word for one in body]
    is_denied = bool({*said} & (words_of.NEGATED | words_of.JUDGING | {"not", "wrong"}))
    start = 1 if said[:1] and said[0] in _DETERMINING | {"a"} else 0
    if not is_denied or not body[start:]:
        return None
    part = next((one for one in body[start : start + 2] if one.word in _GROUNDS), None)
    if part is not None:
        return part
    return body[start] if start and colour_of(said[start]) is not None else None
