"""Spells out what developers and people in a hurry abbreviate: "rm bg", "rot 90 ccw", "s/a/b/".

Works on single words, before phrases are joined: what it writes is what others would have said.
"""

from collections.abc import Sequence
from typing import Final

from services.refinement.engines.local.language import vocabulary as words_of
from services.refinement.engines.local.language.attributes import SENSES
from services.refinement.engines.local.language.morphology import words

# Each stands for the words behind it wherever it is.
ABBREVIATED: Final[dict[str, tuple[str, ...]]] = {
    "bgr": ("background",),
    "bkg": ("background",),
    "bkgd": ("background",),
    "bckgrnd": ("background",),
    "bgnd": ("background",),
    "transp": ("transparent",),
    "hflip": ("flip", "horizontally"),
    "fliph": ("flip", "horizontally"),
    "vflip": ("flip", "vertically"),
    "flipv": ("flip", "vertically"),
    "desat": ("desaturate",),
    "incr": ("increase",),
    "decr": ("decrease",),
    "clr": ("color",),
    "clrs": ("colors",),
    "rmv": ("remove",),
    "noone": ("nobody",),
}
# These stand for others only at the start of an order, or before a number.
_ORDERS: Final = {
    "rm": "remove",
    "del": "remove",
    "rot": "rotate",
    "inc": "increase",
    "dec": "decrease",
    "diff": "different",
    "sat": "saturation",
    "pad": "padding",
}
_MEASURED: Final = frozenset({"sat", "pad"})
_MARKS: Final = frozenset(",.;:!?\n()&") | {"and", "then", "also", "please", "just"}
_SIDES: Final = {"h": "horizontally", "v": "vertically"}
_HIDDEN: Final = frozenset({"sed", "g", "i"})
_PLACED: Final = words("it the this that them its everything my our all")
_ROUNDING: Final = words("please just and to can you also then make but could maybe")
_CORNERS: Final = words("corner corners edge edges shape shapes letters")
_NOTHING_LEFT: Final = "-"
_AMOUNT_SIGNS: Final = {"++": "up", "--": "down"}
_PATH_MAX: Final = 4
_UNCLEAR: Final = "unclear"
_PERCENT: Final = 100
_SET: Final = words_of.CANVAS_VERBS.keys() | {
    word for word, sense in SENSES.items() if sense.form == "noun"
}


def spelt_out_orders(found: Sequence[str]) -> list[str]:
    """Return as many words, with those of code replaced by the ones they stand for."""
    left = list(found)
    for at, word in enumerate(left):
        if word in {":", "=", "("}:
            _join_value(left, at)
        else:
            left[at] = _meant(left, at, word)
        if word == "no" and left[at + 1 : at + 2] == ["more"] and _is_undone(left, at):
            left[at + 1] = _NOTHING_LEFT
    return _with_substitutions(left)


def _meant(left: Sequence[str], at: int, word: str) -> str:
    """Return what a word stands for where it is, or the word itself."""
    before = left[at - 1] if at else ""
    after = left[at + 1] if at + 1 < len(left) else ""
    if word in _ORDERS:
        return _order(word, before, after)
    if word in _AMOUNT_SIGNS:
        # "Contrast++"; elsewhere "--" is a dash.
        is_noun = before in SENSES and SENSES[before].form == "noun" and not after.isalpha()
        return _AMOUNT_SIGNS[word] if is_noun else ";"
    if (word == "2" and _is_too(left, at)) or (word == "to" and after in {"much", "many"}):
        return "too"
    if word in {"rotate", "rotation"} and "hue" in left[max(0, at - 2) : at]:
        return _UNCLEAR
    if word in _SIDES and before in {"flip", "mirror"}:
        return _SIDES[word]
    return "around" if word == "round" and _is_around(left, at) else word


def _join_value(left: list[str], at: int) -> None:
    """Join a value to its name: "rotate: -45"; "brightness: 80%" may be more or less."""
    before = left[at - 1] if at else ""
    after = left[at + 1] if at + 1 < len(left) else ""
    if left[at] == "(" and _is_call(before):
        left[at] = _NOTHING_LEFT
        if left[at + 2 : at + 3] == [","] and _is_number("".join(left[at + 3 : at + 4])):
            left[at + 2] = "by"
    elif _is_number(after) and before in _SET:
        left[at] = _NOTHING_LEFT
        if _is_part_of_whole(left, at):
            left[at - 1] = _UNCLEAR


def _order(word: str, before: str, after: str) -> str:
    if word in _MEASURED:
        is_measured = after[:1] in {"+", "-", "%"} or after[:1].isdecimal()
        is_led = before in {"increase", "decrease", "more", "less", "inc", "dec"}
        return _ORDERS[word] if is_measured or is_led or after in {"up", "down"} else word
    if word == "rot":
        return _ORDERS[word] if after[-1:].isdecimal() or after in {"left", "right"} else word
    return _ORDERS[word] if not before or before in _MARKS else word


def _is_too(left: Sequence[str], at: int) -> bool:
    """Say whether "2 dark" is "too dark", and not two dark colours."""
    ahead = [*left[at + 1 : at + 3], "."]
    sense = SENSES.get(ahead[0])
    is_adjective = sense is not None and sense.form in {"plain", "fault"}
    return ahead[0] in {"much", "many"} or (is_adjective and ahead[1] in _MARKS | {"."})


def _is_number(word: str) -> bool:
    return bool(word) and word[-1].isdecimal() and word[0] != "#"


def _is_part_of_whole(left: Sequence[str], at: int) -> bool:
    """Say whether a value without a sign is less than the whole: "80%", "0.8"."""
    number = left[at + 1].replace(",", ".")
    if number[0] in "+-" or left[at - 1] in words_of.CANVAS_VERBS:
        return False
    is_percent = left[at + 2 : at + 3] == ["%"]
    return float(number) < (_PERCENT if is_percent else 1)


def _is_call(before: str) -> bool:
    """Say whether a bracket opens what a verb is applied to: "lighten(blue, 10%)"."""
    sense = SENSES.get(before)
    is_verb = sense is not None and sense.form == "explicit" and not before.endswith("er")
    return is_verb or before == "blur"


def _is_around(left: Sequence[str], at: int) -> bool:
    """Say whether "round" tells where something is: "some space round it", not "round it off"."""
    after = left[at + 1] if at + 1 < len(left) else ""
    before = left[at - 1] if at else ""
    if before in {"it", "this", "that"} and {"turn", "turned", "spin"} & {*left[at - 2 : at]}:
        return True
    if after not in _PLACED or not before.isalpha() or before in _ROUNDING | words_of.NEGATED:
        return False
    return not _CORNERS & set(left[at + 1 : at + 4])


def _is_undone(left: Sequence[str], at: int) -> bool:
    """Say whether "no more" wants something gone: "no more shadow", not "no more than two"."""
    named = left[at + 2] if at + 2 < len(left) else ""
    if named == "drop":
        named = left[at + 3] if at + 3 < len(left) else ""
    is_fault = named in SENSES and SENSES[named].form == "fault"
    return named in words_of.SHADOWS | words_of.GRADIENTS or is_fault


def _with_substitutions(left: list[str]) -> list[str]:
    """Let "s/blue/green/" replace blue with green."""
    for at, word in enumerate(left):
        if word != "s" or left[at + 1 : at + 2] != ["/"]:
            continue
        slashes = [n for n in range(at + 1, min(at + 3 * _PATH_MAX, len(left))) if left[n] == "/"]
        if len(slashes) < len(("s/a", "/b")):
            continue
        first, second = slashes[:2]
        end = slashes[2] if len(slashes) > len(("/a", "/b")) else len(left)
        is_short = 1 < second - first <= _PATH_MAX and 1 < end - second <= _PATH_MAX
        if is_short:
            left[at], left[first], left[second] = "replace", _NOTHING_LEFT, "with"
            if end < len(left):
                left[end] = ";"
            for n in (at - 1, end + 1):
                if 0 <= n < len(left) and left[n] in _HIDDEN:
                    left[n] = ";"
    return left
