"""Reads which colour something has now, where the prompt names the one it is wished in.

"White star please, now it's grey" can be done, though nobody here knows a star: the gray becomes
white. So the colours that are told say which part is meant, and the last one wished is kept.
"""

from collections.abc import Sequence
from typing import Final

from services.refinement.engines.local.language import vocabulary as words_of
from services.refinement.engines.local.language.attributes import SENSES
from services.refinement.engines.local.language.morphology import words
from services.refinement.engines.local.language.tokens import (
    RUN_WORDS_MAX,
    Token,
    colour_of,
    end_of,
    start_of,
)
from services.refinement.engines.local.language.unknown_parts import is_thing

_ENDS: Final = frozenset(".;!?\n:,")
_DETERMINERS: Final = words("the my our its this that your")
_CAUSING: Final = words("make turn paint change set colour color render fill")
_INTO: Final = words("to into be in a an more")
_NOW: Final = words("now currently presently still")
_BEING: Final = words("is its are")
_DOING: Final = words("do make try have paint put use colour color turn")
_WANTING: Final = words("want please need should be i we make it needs must wish like")
_CORRECTING: Final = words("actually wait sorry oops scratch correction")
_BETWEEN: Final = words("no nah hmm that make it well , . ; : - ! in")
_HESITATING: Final = _CORRECTING | _BETWEEN
_SECOND: Final = 2
_WITHIN: Final = 5
_GOING: Final = words("goes becomes turns to into -> => gets become go turn")


def with_present_colours(tokens: list[Token]) -> list[Token]:
    """Return the words of a prompt with what has a colour named by it."""
    left = list(tokens)
    for step in (
        _without_taken_back,
        _with_instead,
        _without_tints,
        _without_old_colours,
        _with_exchange,
        _with_contrasted,
        _with_told,
        _with_told_first,
        _with_unsuited,
        _without_blamed,
        _with_doubtful,
    ):
        left = step(left)
    return left


def _without_taken_back(tokens: list[Token]) -> list[Token]:
    """Leave out what somebody corrects: "blue, actually no, green", "thicker. no wait thinner"."""
    left: list[Token] = []
    taken_back = range(0)
    for at, token in enumerate(tokens):
        if at in taken_back:
            continue
        end = at + 1
        is_value = colour_of(token.word) is not None or token.word in SENSES
        reach = min(len(tokens), at + RUN_WORDS_MAX)
        while is_value and end < reach and tokens[end].word in _HESITATING:
            end += 1
        between = {one.word for one in tokens[at + 1 : end]}
        if end < len(tokens) and between & _CORRECTING:
            taken_back = (
                range(at, end) if _are_of_a_kind(token.word, tokens[end].word) else range(0)
            )
        if at not in taken_back:
            left.append(token)
    return left


def _are_of_a_kind(one: str, other: str) -> bool:
    if colour_of(one) is not None:
        return colour_of(other) is not None
    first, second = SENSES.get(one), SENSES.get(other)
    return (
        first is not None
        and second is not None
        and first.form == second.form == "explicit"
        and first.quality == second.quality
    )


def _with_instead(tokens: list[Token]) -> list[Token]:
    """Let "instead blue make green" name what is to be replaced first."""
    left: list[Token] = []
    for at, token in enumerate(tokens):
        before = tokens[at - 1].word if at else "."
        colours = [one for one in tokens[at + 1 : at + 4] if colour_of(one.word) is not None]
        is_first = at + 1 < len(tokens) and colours[:1] == [tokens[at + 1]]
        opens = token.word == "instead" and before in _ENDS and is_first
        if opens and len(colours) == _SECOND:
            left.append(token._replace(word="insteadof"))
            continue
        if left[-2:-1] and left[-2].word == "insteadof" and token.word in _DOING:
            left.append(Token(",", token.start, token.start))
        left.append(token)
    return left


def _without_tints(tokens: list[Token]) -> list[Token]:
    """Let "reddish brown" be one colour; "more reddish brown" does not say which."""
    left: list[Token] = []
    for at, token in enumerate(tokens):
        after = tokens[at + 1].word if at + 1 < len(tokens) else ""
        is_tint = token.word.endswith("ish") and colour_of(token.word) is not None
        if is_tint and colour_of(after) is not None:
            is_more = at > 0 and tokens[at - 1].word in {"more", "less"}
            if is_more:
                left.append(token._replace(word="unclear"))
            continue
        if (
            left
            and left[-1].word == "unclear"
            and left[-1].end < token.start
            and (at and tokens[at - 1].word.endswith("ish"))
        ):
            continue
        left.append(token)
    return left


def _without_old_colours(tokens: list[Token]) -> list[Token]:
    """Leave out what a part was: "make the black background navy", "the thin lines thick"."""
    left: list[Token] = []
    for at, token in enumerate(tokens):
        before = [one.word for one in tokens[max(0, at - 2) : at]]
        if (
            len(before) == _SECOND
            and before[0] in _CAUSING
            and before[1] in _DETERMINERS
            and at + _SECOND < len(tokens)
        ):
            noun = tokens[at + 1].word
            value = at + _SECOND
            reach = min(len(tokens), at + RUN_WORDS_MAX)
            while value + 1 < reach and tokens[value].word in _INTO:
                value += 1
            becomes = tokens[value].word
            is_ground = noun in words_of.BACKGROUNDS
            if is_ground and colour_of(token.word) is not None and colour_of(becomes) is not None:
                continue
            if _are_contrary(token.word, becomes) and noun.isalpha():
                continue
        left.append(token)
    return left


def _are_contrary(one: str, other: str) -> bool:
    first, second = SENSES.get(one), SENSES.get(other)
    return (
        first is not None
        and second is not None
        and first.form == "plain"
        and first.quality == second.quality
        and first.direction != second.direction
    )


def _with_exchange(tokens: list[Token]) -> list[Token]:
    """Let two colours change places: "white goes black and black goes white"."""
    said = [token.word for token in tokens]
    for at in range(len(said) - 6):
        one, goes, other, joined = said[at : at + 4]
        again = said[at + 4 : at + 7]
        is_exchange = (
            colour_of(one) is not None
            and colour_of(other) is not None
            and goes in _GOING
            and joined in {"and", ",", "&"}
            and again[1] in _GOING
            and colour_of(again[0]) == colour_of(other)
            and colour_of(again[2]) == colour_of(one)
        )
        if not is_exchange:
            continue
        first, last = tokens[at], tokens[at + 6]
        is_negative = {one, other} == {"black", "white"}
        if is_negative:
            new = [Token("invert", first.start, last.end)]
        else:
            new = [
                Token("swap", first.start, first.start),
                *(tokens[at], tokens[at + 3]._replace(word="and")),
                tokens[at + _SECOND]._replace(end=last.end),
            ]
        return [*tokens[:at], *new, *tokens[at + 7 :]]
    return tokens


def _with_contrasted(tokens: list[Token]) -> list[Token]:
    """Let "the star should be red not orange" be about what is orange."""
    for at, token in enumerate(tokens):
        if token.word != "not" or at < _WITHIN - 1 or at + 1 >= len(tokens):
            continue
        end = tokens[at + 2].word if at + _SECOND < len(tokens) else "."
        new, old = tokens[at - 1], tokens[at + 1]
        start = _start(tokens, at)
        subject = [n for n in range(start, at - 1) if is_thing(tokens[n].word, tokens[n + 1].word)]
        is_wish = any(one.word in {"should", "must", "needs"} for one in tokens[start:at])
        are_colours = colour_of(new.word) is not None and colour_of(old.word) is not None
        is_end = not end.isalnum() or end in {"please", "and"}
        if are_colours and is_wish and is_end and len(subject) == 1:
            noun = tokens[subject[0]]
            parts = [
                old._replace(start=noun.start, end=noun.start),
                noun._replace(word="parts"),
            ]
            opening = (
                [] if _is_determined(tokens, subject[0]) else [Token("the", noun.start, noun.start)]
            )
            return [
                *tokens[: subject[0]],
                *(*opening, *parts, *tokens[subject[0] + 1 : at]),
                *tokens[at + _SECOND :],
            ]
    return tokens


def _is_determined(tokens: Sequence[Token], at: int) -> bool:
    return at > 0 and tokens[at - 1].word in _DETERMINERS


def _with_told(tokens: list[Token]) -> list[Token]:
    """Let "white star please, now it's grey" be a change of gray to white."""
    for at, token in enumerate(tokens):
        told = [one.word for one in tokens[at : at + 4]]
        if token.word not in _NOW or not at:
            continue
        rest = [word for word in told[1:] if word not in _BEING | {"it"}]
        if not (_BEING & set(told[1:3])) or not rest or colour_of(rest[0]) is None:
            continue
        old_at = at + 1 + told[1:].index(rest[0])
        end = end_of(tokens, old_at + 1, _ENDS)
        pause = at - 1
        if tokens[pause].word not in _ENDS | {"but", "and", "because"}:
            continue
        start = _start(tokens, pause)
        said = tokens[start:pause]
        wished = [one for one in said if colour_of(one.word) is not None]
        names_thing = any(is_thing(one.word) for one in said)
        if len(wished) == 1 and names_thing and len(said) <= _WITHIN:
            first, last = tokens[start], tokens[end - 1]
            return [
                *tokens[:start],
                Token("change", first.start, first.start),
                tokens[old_at]._replace(start=first.start, end=first.start),
                Token("to", first.start, first.start),
                wished[0]._replace(start=first.start, end=last.end),
                *tokens[end:],
            ]
    return tokens


def _with_told_first(tokens: list[Token]) -> list[Token]:
    """Let "bird now blue, want red" be a change of blue to red."""
    for at in range(1, len(tokens) - len(("blue", ",", "red"))):
        now, old, pause = tokens[at : at + 3]
        if now.word != "now":
            continue
        start = _start(tokens, at)
        said = tokens[start:at]
        end = at + 3
        while end < min(len(tokens), at + RUN_WORDS_MAX) and tokens[end].word in _WANTING:
            end += 1
        if end >= len(tokens) or end == at + 3:
            continue
        new = tokens[end]
        is_told = pause.word in _ENDS | {"but", "please"}
        are_colours = colour_of(old.word) is not None and colour_of(new.word) is not None
        names_thing = (
            bool(said) and len(said) <= _WITHIN and any(is_thing(one.word) for one in said)
        )
        if is_told and are_colours and names_thing:
            first = tokens[start]
            return [
                *tokens[:start],
                Token("change", first.start, first.start),
                old._replace(start=first.start, end=first.start),
                Token("to", first.start, first.start),
                new._replace(start=first.start),
                *tokens[end + 1 :],
            ]
    return tokens


def _without_blamed(tokens: list[Token]) -> list[Token]:
    """Leave out which colour is to blame: "they think we are a pharmacy because of the green"."""
    for at in range(1, len(tokens) - 1):
        if tokens[at].word != "because" or tokens[at + 1].word != "of":
            continue
        end = end_of(tokens, at, _ENDS)
        blamed = [one.word for one in tokens[at + _SECOND : end]]
        if blamed and all(
            colour_of(word) is not None or word in _DETERMINERS | {"all", "color", "colour"}
            for word in blamed
        ):
            return [*tokens[:at], *tokens[end:]]
    return tokens


def _with_doubtful(tokens: list[Token]) -> list[Token]:
    """Let what may mean two things ask for nothing: "more clear", or blue in "no red, blue"."""
    return [
        token._replace(word="unclear") if _is_doubtful(tokens, at) else token
        for at, token in enumerate(tokens)
    ]


def _is_doubtful(tokens: Sequence[Token], at: int) -> bool:
    word = tokens[at].word
    before = [one.word for one in tokens[max(0, at - _WITHIN) : at]]
    if word == "clear":
        return bool(before) and before[-1] in {"more", "less", "too"}
    end = tokens[at + 1].word if at + 1 < len(tokens) else "."
    is_listed = before[-3:-2] == ["no"] and before[-1:] == [","]
    is_alone = is_listed and (len(before) == len(("no", "red", ",")) or before[-4] in _ENDS)
    return is_alone and colour_of(word) is not None and end in _ENDS


def _with_unsuited(tokens: list[Token]) -> list[Token]:
    """Let "it" be what has the wrong colour: "the bird looks bad in blue, do it in turquoise"."""
    left = list(tokens)
    for at in range(_SECOND, len(left) - _SECOND):
        if left[at].word != "it" or left[at - 1].word not in _DOING:
            continue
        ahead = [one.word for one in left[at + 1 : at + 3]]
        wished = ahead[-1] if ahead[:1] == ["in"] else ahead[0]
        comma = at - 2
        if left[comma].word not in _ENDS or comma < _WITHIN - 1:
            continue
        old = left[comma - 1]
        start = _start(left, comma)
        said = {one.word for one in left[start:comma]}
        is_bad = bool(said & words_of.JUDGING) or (
            bool(said & words_of.NEGATED) and bool(said & (words_of.PRAISING | {"work", "right"}))
        )
        is_placed = left[comma - 2].word == "in" and colour_of(old.word) is not None
        names_thing = any(is_thing(left[n].word, left[n + 1].word) for n in range(start, comma - 1))
        if is_bad and is_placed and names_thing and colour_of(wished) is not None:
            it = left[at]
            first = left[start]
            into = left[at + 1] if ahead[:1] == ["in"] else Token("to", it.end, it.end)
            left[start : at + 1 + (ahead[:1] == ["in"])] = [
                Token("change", first.start, first.start),
                Token("the", first.start, first.start),
                old._replace(start=it.start, end=it.start),
                Token("parts", it.start, it.end),
                into._replace(word="to"),
            ]
            return left
    return left


def _start(tokens: Sequence[Token], at: int) -> int:
    return start_of(tokens, at, _ENDS)
