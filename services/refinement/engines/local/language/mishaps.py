"""Reads what has gone wrong with the whole picture, and says what puts it right.

"It leans 5 degrees to the left" wants a turn the other way, "it came out mirrored" another mirror.
Such a complaint becomes the order that mends it; where the way or the amount is not said, none is
guessed.
"""

from collections.abc import Sequence
from typing import Final

from services.refinement.engines.local.language import vocabulary as words_of
from services.refinement.engines.local.language.attributes import SENSES
from services.refinement.engines.local.language.morphology import words
from services.refinement.engines.local.language.tokens import Token, colour_of, end_of, start_of

_ENDS: Final = frozenset(".;!?\n:")
_BREAKS: Final = _ENDS | {",", "but", "and"}
_LEANING: Final = words("leans leaning crooked askew skewed wonky slanting skew")
# These lean only where something is said to be so: "tilted by 3 degrees" may be an order.
_TILTED: Final = words("tilted rotated turned tilting off leaned")
_STATES: Final = words("is its are looks look came comes been was seems sits it")
_STRAIGHTENING: Final = words("straighten straightened level straight upright")
_TURNING: Final = words("rotate turn tilt spin")
_ORDERING: Final = words("make should want please rotate tilt add give it's lean")
_WAYS: Final = {
    "counterclockwise": "clockwise",
    "ccw": "clockwise",
    "left": "clockwise",
    "clockwise": "counterclockwise",
    "cw": "counterclockwise",
    "right": "counterclockwise",
}
_DEGREES: Final = words("degrees degree deg")
_LEANING_WITHIN: Final = 14
_MIRRORED: Final = words("mirrored backwards backward reversed flipped backtofront")
_AFTER_MIRRORED: Final = _BREAKS | {"now", "please", "horizontally", "again"}
_ASKING: Final = words("is does should can could would")
_SHOWING: Final = words("is its came comes reads looks prints printed shows are read turned")
_PRINTED: Final = words("came comes turned")
_EARLIER: Final = words("last previous yesterday earlier before previously time once week month")
_DENYING: Final = words_of.NEGATED | words("if when no without unless was were colors colours")
_FAULTS: Final = {
    **dict.fromkeys(
        words(
            "funeral graveyard cemetery undertaker undertakers coffin tombstone hearse mortuary "
            "grave gravestone morgue wake obituary"
        ),
        "depressing",
    ),
    **dict.fromkeys(
        words("circus clown carnival disco casino fairground fruitmachine highlighter"), "garish"
    ),
    **dict.fromkeys(
        words("tax bank spreadsheet insurance government invoice lawyer accountant"), "boring"
    ),
    **dict.fromkeys(words("hospital clinic dentist fridge laboratory pharmacy"), "clinical"),
}
_LIKENING: Final = words("like restyled")
_ARTICLES: Final = words("a an the some")
_SEEMING: Final = words("looks look feels feel its is looking looks restyled")
_LIKENED_MAX: Final = 3
_FONTS: Final = words("font fonts typeface typography lettering")
_EXCHANGING: Final = words("change swap replace switch")
_POINTING: Final = words("it that this them")
_TAKING: Final = words("take get leave cut kick pull taking")
_OUT: Final = words("out off away")
_TAKEN_MAX: Final = 4
_OLD: Final = words("old older aged ancient antique")
_BEFORE_ORDER: Final = words("please you to can could should just also and must")
_PATH: Final = 3


def without_mishaps(tokens: list[Token]) -> list[Token]:
    """Return the words of a prompt with orders in the place of such complaints."""
    left = list(tokens)
    for step in (
        _with_come_out,
        _with_upright,
        _with_mirrored_back,
        _with_faults,
        _with_font,
        _with_removed,
        _with_aged,
        _without_likeness,
        _without_reason,
    ):
        left = step(left)
    return left


def _sentence(tokens: Sequence[Token], at: int) -> tuple[int, int]:
    """Return where the sentence of a word starts and ends."""
    return start_of(tokens, at, _ENDS), end_of(tokens, at, _ENDS)


def _with_come_out(tokens: list[Token]) -> list[Token]:
    """Let "it came out too dark" say how it is, unless it was another time."""
    left: list[Token] = []
    for at, token in enumerate(tokens):
        before = tokens[at - 1].word if at else ""
        if token.word == "out" and before in _PRINTED:
            start, end = _sentence(tokens, at)
            said = {one.word for one in tokens[start:end]}
            after = [one.word for one in tokens[at + 1 : at + 4]]
            is_told = any(one in SENSES or one in {"too", "so"} | _MIRRORED for one in after)
            if is_told and not said & _EARLIER:
                left[-1] = left[-1]._replace(word="is", end=token.end)
                continue
        left.append(token)
    return left


def _with_upright(tokens: list[Token]) -> list[Token]:
    """Turn back what leans: "it leans 5 degrees to the left", and by nothing if that is unsaid."""
    at = next((n for n in range(len(tokens)) if _leans(tokens, n)), None)
    if at is None:
        return _with_straightened(tokens)
    start, _ = _sentence(tokens, at)
    if any(tokens[n].word in _TURNING for n in range(start, at)):
        # "Turn it 5 degrees clockwise, it leans to the left" says it all.
        return tokens
    reach = range(start, min(len(tokens), at + _LEANING_WITHIN))
    turning = next((n for n in reach if n > at and tokens[n].word in _TURNING), len(tokens))
    own = range(start, min(reach.stop, turning))
    number = next((n for n in own if _is_angle(tokens, n)), None)
    way = next((n for n in own if tokens[n].word in _WAYS), None)
    ordered = next((n for n in range(turning, len(tokens)) if _is_angle(tokens, n)), None)
    if way is None or (number is None and ordered is None):
        return _leave_crooked(tokens, own, number)
    back = _WAYS[tokens[way].word]
    if number is None:
        if any(one.word in _WAYS for one in tokens[turning:]):
            return tokens
        # "It leans to the right, rotate it 5 degrees"
        angle = tokens[turning + tokens[turning:].index(tokens[ordered or turning])]
        last = angle._replace(word=back, start=angle.end)
        place = (ordered or turning) + 1
        return [*tokens[:start], *tokens[turning:place], last, *tokens[place:]]
    first, final = tokens[start], tokens[max(number, way, at)]
    order = [
        Token("rotate", first.start, first.start),
        tokens[number]._replace(start=first.start, end=first.start),
        Token("degrees", first.start, first.start),
        Token(back, first.start, final.end),
        Token(".", final.end, final.end),
    ]
    rest = tokens[max(number, way, at) + 1 :]
    return [*tokens[:start], *order, *_without_straightening(rest)]


def _leans(tokens: Sequence[Token], at: int) -> bool:
    word = tokens[at].word
    if word not in _LEANING | _TILTED:
        return False
    start, end = _sentence(tokens, at)
    before = [one.word for one in tokens[start:at]]
    if {*before} & (_ORDERING | words_of.NEGATED):
        return False
    if word in _LEANING:
        return True
    is_state = bool({*before[-4:]} & _STATES)
    is_measured = any(_is_angle(tokens, n) for n in range(start, end))
    return word in _TILTED and is_state and is_measured


def _is_angle(tokens: Sequence[Token], at: int) -> bool:
    following = tokens[at + 1].word if at + 1 < len(tokens) else ""
    return tokens[at].word[-1].isdecimal() and following in _DEGREES | _WAYS.keys()


def _leave_crooked(tokens: list[Token], own: range, number: int | None) -> list[Token]:
    """Ask for no turn where its way or amount is missing; measures do not stand alone."""
    if number is None:
        return tokens
    return [
        token._replace(word="straighten") if at == number else token
        for at, token in enumerate(tokens)
        if not (at in own and token.word in _DEGREES | _WAYS.keys() | {"turned", "rotated"})
    ]


def _without_straightening(tokens: Sequence[Token]) -> list[Token]:
    """Leave out "straighten it", which has been read."""
    left: list[Token] = []
    for token in tokens:
        if left and left[-1].word in _STRAIGHTENING and token.word in _POINTING:
            left.pop()
            continue
        left.append(token)
    return [token for token in left if token.word not in _STRAIGHTENING]


def _with_straightened(tokens: list[Token]) -> list[Token]:
    """Let "straighten it by 5 degrees clockwise" be a turn."""
    said = {token.word for token in tokens}
    is_told = any(_is_angle(tokens, at) for at in range(len(tokens))) and said & _WAYS.keys()
    if not is_told or said & _TURNING:
        return tokens
    return [
        token._replace(word="rotate") if token.word == "straighten" else token for token in tokens
    ]


def _with_mirrored_back(tokens: list[Token]) -> list[Token]:
    """Mirror what is mirrored: "it came out mirrored", "the name reads backwards"."""
    left: list[Token] = []
    done = 0
    for at in range(len(tokens)):
        span = _mirrored(tokens, at)
        if span is None or span.start < done:
            continue
        first, last = tokens[span.start], tokens[span.stop - 1]
        left += [
            *tokens[done : span.start],
            Token("flip", first.start, first.start),
            Token("horizontally", first.start, last.end),
            Token(".", last.end, last.end),
        ]
        done = span.stop
    return [*left, *tokens[done:]]


def _mirrored(tokens: Sequence[Token], at: int) -> range | None:
    """Return where it is told that something is mirrored, if a place ends that."""
    is_back = [one.word for one in tokens[at : at + _PATH]] == ["back", "to", "front"]
    if tokens[at].word not in _MIRRORED and not is_back:
        return None
    start = start_of(tokens, at, _BREAKS)
    before = [one.word for one in tokens[start:at]]
    end = at + _PATH if is_back else at + 1
    following = tokens[end].word if end < len(tokens) else "."
    shows = bool({*before[-4:]} & _SHOWING)
    names_colour = any(colour_of(word) is not None for word in before)
    asks = before[:1] and before[0] in _ASKING
    is_other = {*before} & (_DENYING | _EARLIER | words_of.WISHING)
    is_told = shows and following in _AFTER_MIRRORED
    return range(start, end) if is_told and not (names_colour or asks or is_other) else None


def _with_faults(tokens: list[Token]) -> list[Token]:
    """Say what is bad about looking "like a funeral home", where that is no wish."""
    for at, token in enumerate(tokens):
        fault = _FAULTS.get(token.word)
        likening = next(
            (n for n in range(at - 1, max(at - 4, -1), -1) if tokens[n].word in _LIKENING), None
        )
        if fault is None or likening is None:
            continue
        between = {one.word for one in tokens[likening + 1 : at]}
        start, end = _sentence(tokens, at)
        before = {one.word for one in tokens[start:likening]}
        seems = tokens[likening].word == "restyled" or tokens[likening - 1].word in _SEEMING
        is_wish = before & (words_of.WISHING | _DENYING | {"less", "more"})
        if not between <= _ARTICLES | {"bit"} or not seems or is_wish:
            continue
        after = at + 1
        while after < end and after <= at + _LIKENED_MAX and tokens[after].word.isalpha():
            after += 1
        opening = [token._replace(word="looks")] if tokens[likening].word == "restyled" else []
        told = token._replace(word=fault)
        return [*tokens[:likening], *opening, told, *tokens[after:]]
    return tokens


def _with_font(tokens: list[Token]) -> list[Token]:
    """Let "change it" be about the font that was spoken of."""
    left: list[Token] = []
    for at, token in enumerate(tokens):
        after = tokens[at + 1].word if at + 1 < len(tokens) else "."
        is_object = token.word in _POINTING and at and tokens[at - 1].word in _EXCHANGING
        is_end = after in _ENDS | {",", "please"}
        if is_object and is_end and any(one.word in _FONTS for one in tokens[:at]):
            left.append(token._replace(word="font"))
            continue
        left.append(token)
    return left


def _with_removed(tokens: list[Token]) -> list[Token]:
    """Let "take the star out" be to remove it."""
    left = list(tokens)
    for at, token in enumerate(left):
        before = left[at - 1].word if at else "."
        is_out = token.word == "out" and [one.word for one in left[at + 1 : at + 2]] == ["with"]
        if is_out and before in _BREAKS:
            # "Out with the red"
            left[at : at + 2] = [token._replace(word="remove", end=left[at + 1].end)]
            break
        if token.word not in _TAKING:
            continue
        is_order = before in _ENDS | {","} | _BEFORE_ORDER
        ahead = [one.word for one in left[at + 1 : at + 2 + _TAKEN_MAX]]
        place = next((n for n, word in enumerate(ahead) if word in _OUT), 0)
        named = ahead[:place]
        end = ahead[place + 1] if place + 1 < len(ahead) else "."
        is_end = end in _ENDS | {",", "please", "of", "and", "from", "thanks"}
        is_noun = all(word.isalpha() for word in named) and place and not {*named} & _POINTING
        if is_order and is_noun and is_end:
            last = left[at + place]
            left[at] = token._replace(word="remove")
            left[at + place] = last._replace(end=left[at + place + 1].end)
            del left[at + place + 1]
            break
    return left


def _with_aged(tokens: list[Token]) -> list[Token]:
    """Let "make it look old" be vintage: to wish for age is no complaint of it."""
    said = [token.word for token in tokens]
    for at in range(len(said) - _PATH):
        looks = said[at + 1] in {*_POINTING, "logo"} and said[at + 2] == "look"
        before = said[at - 1] if at else "."
        is_order = before in _ENDS | {","} | _BEFORE_ORDER
        if said[at] == "make" and looks and is_order and said[at + _PATH] in _OLD:
            aged = tokens[at + _PATH]._replace(word="vintage")
            return [*tokens[: at + _PATH], aged, *tokens[at + _PATH + 1 :]]
    return tokens


def _without_likeness(tokens: list[Token]) -> list[Token]:
    """Leave out what a wish is only likened to: "warmer like a fresh bread"."""
    for at, token in enumerate(tokens):
        after = tokens[at + 1].word if at + 1 < len(tokens) else ""
        if token.word != "like" or not at or after not in _ARTICLES | {"my", "in", "our"}:
            continue
        sense = SENSES.get(tokens[at - 1].word)
        compares = sense is not None and sense.form == "explicit"
        end = end_of(tokens, at, _BREAKS)
        likens = tokens[at + 2 : end]
        names_part = any(one.word in words_of.TEXTS | words_of.BACKGROUNDS for one in likens)
        if compares and not (names_part or any(colour_of(one.word) for one in likens)):
            last = tokens[at - 1]._replace(end=tokens[end - 1].end)
            return [*tokens[: at - 1], last, *tokens[end:]]
    return tokens


def _without_reason(tokens: list[Token]) -> list[Token]:
    """Leave out why another is wished for: "lighter blue please, this one is so heavy"."""
    for at in range(2, len(tokens) - _PATH):
        said = [one.word for one in tokens[at : at + _PATH]]
        is_reason = said[0] in {"this", "that"} and said[1:] == ["one", "is"]
        if not is_reason:
            continue
        start, end = _sentence(tokens, at - 1)
        wished = tokens[start : at - 1]
        names_colour = any(colour_of(one.word) is not None for one in wished)
        compares = any(one.word in SENSES and SENSES[one.word].form == "explicit" for one in wished)
        if tokens[at - 1].word == "," and names_colour and compares:
            return [*tokens[: at - 1], *tokens[end:]]
    return tokens
