"""Puts into plain order what is said tersely, or in the order of another language.

"The green make more dark" is an order about the green, and "1 bird darker 2 name thicker" are two
points. Nothing here decides a direction.
"""

import itertools
from collections.abc import Sequence
from typing import Final

from services.refinement.engines.local.language import vocabulary as words_of
from services.refinement.engines.local.language.attributes import NOUN_KINDS, SENSES
from services.refinement.engines.local.language.mishaps import without_mishaps
from services.refinement.engines.local.language.morphology import words
from services.refinement.engines.local.language.present_colours import with_present_colours
from services.refinement.engines.local.language.tokens import Token, colour_of, start_of
from services.refinement.engines.local.language.trailing_words import (
    with_adjectives_first,
    with_values,
)
from services.refinement.engines.local.language.unknown_parts import is_thing, says_how

_ENDS: Final = frozenset(".;!?\n:")
_PAUSES: Final = frozenset({",", "(", ")", "but", "and", "then"})
_LINES: Final = words_of.BORDERS | words_of.OUTLINES
_NAMED: Final = words_of.TEXTS | words_of.BACKGROUNDS | words_of.FOREGROUNDS
_CLOSING: Final = _ENDS | {","}
_BREAKS: Final = _ENDS | _PAUSES
_ARTICLES: Final = words("the a an my our your please just also and")
_STARTING: Final = frozenset({"only", "just", "please", "also", "so", "now", "ok"})
_DETERMINERS: Final = words("the this that these those all every its my our your")
_NO_SUBJECTS: Final = words(
    "i we you he she they it who which what to can could would should will may might must not "
    "do does does did please lets let me us them"
)
_DENYING: Final = words_of.NEGATED | words_of.REMOVE | words_of.KEEPING | {"donttouch", "lacking"}
_AMOUNTS: Final = words(
    "more less a bit much slightly little lot very far way even dampen increase"
)
_IMPERATIVES: Final = words(
    "make remove add change replace give put use crop rotate flip darken lighten brighten turn"
)
_BEFORE_IMPERATIVE: Final = frozenset({"just", "only", "simply"})
_NUMBERED_BEFORE: Final = words(
    "by at to max only of from in with under than about around limit maximum max until x version "
    "option number font size weight level page step least most two one and or"
)
_MEASURES: Final = (
    words_of.COLOUR_NOUNS
    | words_of.NUMBERS.keys()
    | words(
        "% x times degrees degree deg px pixels pixel pt mm cm km k tone twotone onetone steps "
        "notches d point points"
    )
)
_POINTS_MIN: Final = 2
_SUBJECT_MAX: Final = 4
_READING: Final = words("read see notice recognise recognize decipher spot")
_READERS: Final = words("nobody noone i we you people customers they anybody")
_DOING: Final = words("make do")
_GIVING: Final = words("use take make put choose to in a is should be = : , please")
_UNCLEAR: Final = "unclear"
_DOUBTED: Final = frozenset({"lightness", "saturation", "contrast"})
_MARGIN_WITHIN: Final = 8
_PLENTY: Final = words("too much so thereis all big huge lots")
_CUTTING: Final = words("cut remove chop crop trim lose bin")
_POINTING: Final = words("it that this")


def in_plain_order(tokens: Sequence[Token]) -> list[Token]:
    """Return the words of a prompt in the order in which plain English has them."""
    left = list(tokens)
    for step in (
        _with_points,
        _with_part_named,
        _with_pauses,
        without_mishaps,
        with_present_colours,
        _with_too,
        _with_determiner,
        _with_balance,
        _with_margin_cut,
        _with_orders_first,
        _with_object,
        with_adjectives_first,
        with_values,
    ):
        left = step(left)
    return left


def cut_at(token: Token) -> Token:
    """Return a full stop before a word."""
    return Token(".", token.start, token.start)


def _with_points(tokens: list[Token]) -> list[Token]:
    """End a sentence before each number of a list in one line: "1 bird darker 2 name thicker"."""
    places: list[int] = []
    for at, token in enumerate(tokens):
        if token.word != str(len(places) + 1) or at + 1 >= len(tokens):
            continue
        before = tokens[at - 1].word if at else "."
        after = tokens[at + 1].word
        starts = bool(places) or before in _ENDS | {","}
        is_counted = after in _MEASURES or before in _NUMBERED_BEFORE or not after[0].isalpha()
        if starts and not is_counted:
            places.append(at)
    if len(places) < _POINTS_MIN:
        return tokens
    return [
        cut_at(token)._replace(end=token.end) if at in places else token
        for at, token in enumerate(tokens)
    ]


def _with_part_named(tokens: list[Token]) -> list[Token]:
    """Let "for text use red" and "colour of the text: red" give that part its colour."""
    left: list[Token] = []
    skipped = 0
    for at, token in enumerate(tokens):
        if at < skipped:
            continue
        start = at == 0 or tokens[at - 1].word in _ENDS | _PAUSES
        after = at + 1
        opens = token.word == "for"
        if token.word in words_of.COLOUR_NOUNS and after < len(tokens):
            opens = tokens[after].word == "of"
            after += 1
        while after < len(tokens) and tokens[after].word in _DETERMINERS:
            after += 1
        if start and opens and after + 2 < len(tokens) and tokens[after].word in _NAMED:
            value = after + 1
            while value < len(tokens) and tokens[value].word in _GIVING:
                value += 1
            if after < value < len(tokens) and colour_of(tokens[value].word) is not None:
                left.append(tokens[after]._replace(start=token.start))
                skipped = value
                continue
        left.append(token)
    return left


def _with_pauses(tokens: list[Token]) -> list[Token]:
    """End a sentence where another starts without a mark.

    "Too pale nobody can read it", "don't touch the colours just make it bold", "when I zoom is
    blurry".
    """
    left: list[Token] = []
    for at, token in enumerate(tokens):
        ahead = [one.word for one in tokens[at + 1 : at + 4]]
        before = left[-1].word if left else "."
        own, ahead_sense = SENSES.get(before), SENSES.get(ahead[0]) if ahead else None
        opposes = (
            token.word == "not"
            and own is not None
            and ahead_sense is not None
            and own.form == ahead_sense.form == "explicit"
            and own.quality == ahead_sense.quality
        )
        is_within = before[0].isalnum() and before not in _NO_SUBJECTS | {"and", "but", "so"}
        cannot = token.word in _READERS and (
            ahead[:1] == ["hardtoread"]
            or (ahead[:1] in (["can"], ["could"]) and bool(_READING & set(ahead)))
        )
        orders = (
            token.word in _BEFORE_IMPERATIVE
            and ahead[:1]
            and ahead[0] in _IMPERATIVES
            and not (before in _BEFORE_IMPERATIVE or before in _IMPERATIVES)
        )
        supposes = token.word in {"is", "are"} and _ends_supposition(left)
        # "White background please | darker text"
        goes_on = (
            before == "please"
            and len(left) > 1
            and left[-2].word in _NAMED
            and says_how(token.word)
            and bool(ahead)
            and ahead[0] in _NAMED
        )
        votes = token.word in {"no", "yes"} and ahead[:1] == ["to"] and before != "."
        if goes_on or votes:
            left.append(cut_at(token))
        if is_within and (cannot or orders or supposes or opposes or _opens_pair(tokens, at)):
            left.append(cut_at(token))
        is_denied = token.word == "nobody" and cannot and ahead[0] != "hardtoread"
        left.append(token._replace(word="hardtoread") if is_denied else token)
        if supposes and is_within:
            left.insert(-1, Token("it", token.start, token.start))
    return left


def _opens_pair(tokens: Sequence[Token], at: int) -> bool:
    """Say whether a part opens the next pair: "background white | letters black"."""
    pair = [one.word for one in tokens[max(0, at - 2) : at + 2]]
    if len(pair) < len(("bg", "white", "text", "black")):
        return False
    is_first = at == len(("bg", "white")) or tokens[at - 3].word in _ENDS | _PAUSES | _ARTICLES
    return (
        is_first
        and pair[0] in _NAMED
        and pair[2] in _NAMED
        and colour_of(pair[1]) is not None
        and colour_of(pair[3]) is not None
    )


def _ends_supposition(left: Sequence[Token]) -> bool:
    """Say whether "when I make zoom" is complete, so that "is" opens what follows from it."""
    start = start_of(left, len(left), _CLOSING)
    said = [token.word for token in left[start:]]
    return (
        len(said) > len(("when", "i"))
        and said[0] in {"when", "if"}
        and said[1] in {"i", "we", "you"}
        and not {"is", "are", "it"} & set(said)
        and not _DETERMINERS & set(said[-2:])
    )


def _with_too(tokens: list[Token]) -> list[Token]:
    """Let "to bright" be "too bright" where it is said of how something is."""
    left: list[Token] = []
    unclear = -1
    for at, token in enumerate(tokens):
        after = tokens[at + 1].word if at + 1 < len(tokens) else ""
        sense = SENSES.get(after)
        is_adjective = sense is not None and sense.form in {"plain", "fault"}
        is_first = at == 0 or (at == 1 and tokens[0].word == "why")
        if token.word == "so" and is_first and colour_of(after) is not None:
            end = tokens[at + 2].word if at + 2 < len(tokens) else "."
            exclaims = end in _ENDS or end in {"it", "that", "they", "now"}
            left.append(token._replace(word="too") if exclaims else token)
            continue
        if token.word == "to" and is_adjective and colour_of(after) is None:
            start = _start(tokens, at)
            said = {one.word for one in tokens[start:at]}
            remedied = {one.word for one in tokens[at + 1 : at + 1 + 2 * _SUBJECT_MAX]}
            is_state = bool(said & words("is are its look looks was far way it"))
            is_toned = bool(remedied & {"tonedown", "hardtoread"}) and not said & _IMPERATIVES
            if (is_state or is_toned) and not said & words(
                "make change switch turn go move from should must next close want need needs"
            ):
                left.append(token._replace(word="too"))
                continue
            if _is_unclear(tokens, start, at):
                left.append(token)
                unclear = at + 1
                continue
        if at == unclear:
            # Nothing is done rather than the opposite.
            left.append(token._replace(word=_UNCLEAR))
            continue
        left.append(token)
    return left


def _is_unclear(tokens: Sequence[Token], start: int, at: int) -> bool:
    """Say whether "text to bright" may be a complaint as well as an order."""
    end = tokens[at + 2].word if at + 2 < len(tokens) else "."
    is_end = end in _ENDS | _PAUSES
    is_short = 0 < at - start <= len(("the", "text"))
    names_part = at > 0 and tokens[at - 1].word in _NAMED | NOUN_KINDS.keys() | words_of.PARTS
    return is_end and is_short and names_part and SENSES[tokens[at + 1].word].quality in _DOUBTED


def _start(tokens: Sequence[Token], at: int) -> int:
    """Return where the clause of a word starts."""
    return start_of(tokens, at, _BREAKS)


def _with_determiner(tokens: list[Token]) -> list[Token]:
    """Let "blue bird darker" be about the blue bird."""
    left: list[Token] = []
    for at, token in enumerate(tokens):
        ahead = [one.word for one in tokens[at + 1 : at + 3]]
        starts = at == 0 or tokens[at - 1].word in _ENDS | {",", "please", "just", "make"}
        is_pair = len(ahead) > 1 and colour_of(token.word) is not None and is_thing(ahead[0])
        sense = SENSES.get(ahead[-1]) if is_pair else None
        if starts and sense is not None and sense.form == "explicit":
            left.append(Token("the", token.start, token.start))
        left.append(token)
    return left


def _with_balance(tokens: list[Token]) -> list[Token]:
    """Let "more blue less green" be about the blue and the green that are there."""
    left: list[Token] = []
    for at, token in enumerate(tokens):
        if token.word in {"less", "dampen"} and left and left[-1].word not in _ENDS | _PAUSES:
            left += [cut_at(token)] if [one.word for one in left[-4:-2]] == ["turn", "up"] else []
        left.append(token)
        near = [one.word for one in (*tokens[max(0, at - 3) : at], *tokens[at + 2 : at + 5])]
        is_coloured = at + 1 < len(tokens) and colour_of(tokens[at + 1].word) is not None
        end = tokens[at + 2].word if at + 2 < len(tokens) else "."
        is_pair = any(
            one in {"less", "dampen"} and colour_of(other) is not None
            for one, other in itertools.pairwise(near)
        )
        is_alone = not end.isalnum() or end in {"less", "dampen", "and", "but", "please"}
        if token.word in {"more", "increase"} and is_coloured and is_pair and is_alone:
            left[-1:] = [
                Token("turn", token.start, token.start),
                Token("up", token.start, token.start),
                Token("the", token.start, token.end),
            ]
    return left


def _with_margin_cut(tokens: list[Token]) -> list[Token]:
    """Let "there's loads of empty round it, cut that off" be a crop."""
    left: list[Token] = []
    for at, token in enumerate(tokens):
        after = tokens[at + 1].word if at + 1 < len(tokens) else ""
        before = {one.word for one in tokens[max(0, at - _MARGIN_WITHIN) : at]}
        starts = bool(at) and tokens[at - 1].word in _ENDS | _PAUSES | {"please", "you", "just"}
        has_margin = any(
            word in SENSES and SENSES[word].quality == "padding" and SENSES[word].form == "noun"
            for word in before
        )
        is_much = bool(before & _PLENTY) and not before & words_of.NEGATED
        if starts and token.word in _CUTTING and after in _POINTING and has_margin and is_much:
            left.append(token._replace(word="crop"))
            continue
        left.append(token)
    return left


def _with_orders_first(tokens: list[Token]) -> list[Token]:
    """Let "the green make more dark" be an order: "make the green more dark"."""
    left: list[Token] = []
    for at, token in enumerate(tokens):
        orders = token.word == "make" or (token.word == "please" and _ends_order(tokens, at))
        subject = _subject_before(left) if orders else len(left)
        if subject < len(left) and _says_at_once(tokens, at + 1):
            moved = token._replace(word="make", start=left[subject].start, end=left[subject].start)
            is_cut = subject and left[subject - 1].word in _STARTING and subject > 1
            opening = [cut_at(left[subject])] if is_cut else []
            left[subject:subject] = [*opening, moved]
            continue
        left.append(token)
    return left


def _ends_order(tokens: Sequence[Token], at: int) -> bool:
    """Say whether one more word ends what "please" opens: "bird I want blue"."""
    end = tokens[at + 2].word if at + 2 < len(tokens) else "."
    return end in _ENDS | _PAUSES


def _subject_before(left: Sequence[Token]) -> int:
    """Return where the noun phrase starts that ends here, right after a mark or an opening word."""
    start = len(left)
    while start and len(left) - start < _SUBJECT_MAX and _may_be_subject(left[start - 1].word):
        start -= 1
    before = left[start - 1].word if start else "."
    if before not in _ENDS | _PAUSES | _STARTING:
        return len(left)
    has_noun = any(
        one.word in _NAMED | words_of.PARTS | _LINES | NOUN_KINDS.keys()
        or colour_of(one.word) is not None
        or is_thing(one.word)
        or one.word in {"logo", "rest"}
        for one in left[start:]
    )
    return start if has_noun else len(left)


def _may_be_subject(word: str) -> bool:
    is_verb = word in _IMPERATIVES | words_of.TURNING | words_of.WISHING | words_of.COMPLAINING
    return word.isalpha() and not (
        is_verb or word in _NO_SUBJECTS | _PAUSES | _STARTING | _DENYING | {"because", "when", "if"}
    )


def _says_at_once(tokens: Sequence[Token], at: int) -> bool:
    """Say whether how something is to be follows, with nothing but amounts before it."""
    while at < len(tokens) and tokens[at].word in _AMOUNTS and not says_how(tokens[at].word):
        at += 1
    if at < len(tokens) and tokens[at].word in {"more", "less"}:
        at += 1
    return at < len(tokens) and (
        says_how(tokens[at].word) or tokens[at].word in {"transparent", "modern"}
    )


def _with_object(tokens: list[Token]) -> list[Token]:
    """Give an order its object: "can you do more soft" is about what was spoken of."""
    left: list[Token] = []
    for at, token in enumerate(tokens):
        left.append(token)
        ahead = [one.word for one in tokens[at + 1 : at + 3]]
        compares = bool(ahead) and ahead[0] in {"more", "less"}
        sense = SENSES.get(ahead[-1]) if compares and len(ahead) > 1 else None
        end = tokens[at + 3].word if at + 3 < len(tokens) else "."
        is_end = end in _ENDS | {",", "please", "thanks"}
        if token.word in _DOING and sense is not None and sense.form == "plain" and is_end:
            left[-1] = token._replace(word="make")
            left.append(Token("it", token.end, token.end))
    return left
