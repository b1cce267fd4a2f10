"""Reads a prompt: tokens to clauses, clauses to wishes.

The grammar is direction x attribute x scope, clause by clause, each kind of wish in its own module,
the most specific first: what one has read is accounted for, and the next does not see it. Getting a
direction wrong is worse than missing a wish: what is negated, complained about or asked to go never
becomes its opposite.
"""

from collections.abc import Sequence
from typing import Final

from services.refinement.engines.local import vocabulary as words_of
from services.refinement.engines.local.attributes import SENSES
from services.refinement.engines.local.canvas_wishes import read_canvas
from services.refinement.engines.local.clauses import Clause, clauses_of
from services.refinement.engines.local.colour_wishes import read_colours
from services.refinement.engines.local.keeping import read_exception, read_keeping
from services.refinement.engines.local.operations import (
    Background,
    Duotone,
    Lightness,
    LimitColours,
    Look,
    Monochrome,
    Recolour,
    Saturation,
    Warmth,
    Weight,
)
from services.refinement.engines.local.ordinary_words import FILLER, FOREIGN
from services.refinement.engines.local.quality_wishes import read_qualities
from services.refinement.engines.local.quantities import amount_in, area_of, names_the_whole
from services.refinement.engines.local.reading import ASKED_NOT_TO, Reading, Wish
from services.refinement.engines.local.spelling import is_known
from services.refinement.engines.local.styles import FAULTS, RECIPES, STYLES
from services.refinement.engines.local.things import read_things
from services.refinement.engines.local.tokens import Token, colour_of, tokens_of

_NO_OPPOSITE: Final = "no operation is the opposite of a style"
_NO_COLOUR_IN_THEME: Final = "the theme description names no colour"
_FOREIGN_WORDS_MIN: Final = 2
_KNOWN_PART_MIN: Final = 0.4
_UNMATCHED_LENGTH_MAX: Final = 200
_ASKING: Final = frozenset({"what", "which", "who", "when", "where", "how"})
_SUBJECTS: Final = frozenset({"i", "we", "they", "clients", "everyone"})
_LIKING: Final = frozenset({"love", "like", "enjoy", "liked", "loved", "likes", "loves"})
_APPROVING: Final = words_of.PRAISING - _LIKING - {"pretty", "cool", "fine", "happy", "enjoy"}
_PUTTING: Final = frozenset(
    "add include insert introduce draw put place incorporate adding including attach".split()
)
_TAKING: Final = words_of.REMOVE - frozenset(
    {"no", "without", "gone", "zero", "unnecessary", "lost", "none", "unneeded", "rid", "clear"}
)
_WORDING: Final = frozenset("change replace different new another update edit rename say says "
                            "reads read write fix switch swap add use set in to capitalise "
                            "uppercase remove move put below above capitalize other bigger "
                            "smaller larger spell spelled nicer better".split())
_FONTS: Final = frozenset("font fonts typeface typography".split())
_PUT_WITHOUT_DRAWING: Final = frozenset(
    "color colour colors colours some more contrast depth background logo it warmth touch splash "
    "bit hint dash pop life energy effect everything them all vibe feel look".split()
)
# "When we print it small" tells where a fault shows, and wishes for nothing.
_CIRCUMSTANCES: Final = frozenset({"when", "whenever", "otherwise"})
_PRONOUNS: Final = frozenset({"it", "they", "them", "its"})
_TONED_DOWN: Final = frozenset({"tonedown"})
_LIVENED: Final = frozenset({"liven"})


def read(prompt: str, theme: str = "", description: str = "") -> Reading:
    """Read a prompt.

    `theme` only says which colours "the brand's" are; `description` only which nouns name what the
    logo shows.
    """
    reading = Reading()
    tokens = tokens_of(prompt)
    if _is_foreign(tokens):
        reading.unmatched.append(" ".join(prompt.split())[:_UNMATCHED_LENGTH_MAX])
        return reading
    subjects = _subjects(description)
    if subjects:
        tokens = tuple(
            token._replace(word="icon") if token.word in subjects else token for token in tokens
        )
    clauses = clauses_of(tokens, prompt)
    _assign_areas(clauses)
    asked = prompt.rstrip().endswith("?")
    for clause in clauses:
        before = reading.extent
        if clause.words[0] in _CIRCUMSTANCES:
            continue
        is_question = asked and clause is clauses[-1] and clause.words[0] in _ASKING
        if is_question or _is_praise(clause):
            continue
        known = len(reading.wishes)
        _read_clause(clause, theme, reading)
        _drop_repeated(clause, reading, known)
        if reading.extent == before and _has_content(clause):
            reading.unmatched.append(clause.phrase)
    reading.wishes = _joined(reading.wishes)
    return reading


def _read_clause(clause: Clause, theme: str, reading: Reading) -> None:
    if read_exception(clause, reading):
        clause.area = area_of(clause)
    if read_keeping(clause, reading):
        return
    if _read_unsupported(clause, reading):
        return
    if "onbrand" in clause.words and not clause.mood.forbids:
        _read_theme(clause, theme, reading)
        return
    read_things(clause, reading)
    read_canvas(clause, reading)
    _read_looks(clause, reading)
    family = read_colours(clause, reading)
    _read_styles(clause, reading)
    read_qualities(clause, family, reading)
    _read_whole(clause, reading)


def _drop_repeated(clause: Clause, reading: Reading, known: int) -> None:
    """Drop what "it" says again of a part: "the green is too dark, could you lighten it"."""
    if not clause.has(_PRONOUNS):
        return
    before, own = reading.wishes[:known], reading.wishes[known:]
    reading.wishes[known:] = [
        wish for wish in own if not any(_says_again(wish, earlier) for earlier in before)
    ]


def _says_again(wish: Wish, earlier: Wish) -> bool:
    one, other = wish.operation, earlier.operation
    if not isinstance(one, Lightness | Saturation | Warmth | Weight) or type(one) is not type(other):
        return False
    return one.scope is None and one.amount * getattr(other, "amount", 0.0) > 0


def _assign_areas(clauses: Sequence[Clause]) -> None:
    """Give each clause the part of the logo it is about, taken over from a neighbour if need be."""
    for clause in clauses:
        clause.area = area_of(clause)
    for previous, clause in zip(clauses, clauses[1:], strict=False):
        if clause.joined not in {"and", "&", ",", "or"}:
            continue
        if clause.area is None and previous.area is not None and _continues(clause):
            clause.area = previous.area
    for clause, following in zip(clauses[-2::-1], clauses[:0:-1], strict=False):
        is_bare = all(
            word in SENSES and SENSES[word].form == "explicit" or word in {"please", "just"}
            for word in clause.words
        )
        is_verb = not clause.words[-1].endswith("er")
        if is_bare and is_verb and clause.area is None and following.joined in {"and", "&", ","}:
            clause.area = following.area


def _continues(clause: Clause) -> bool:
    return (
        not names_the_whole(clause)
        and not clause.has(frozenset({"make", "use", "give", "put", "add", "please", "overall"}))
        and not any(colour_of(word) for word in clause.words)
        and any(word in SENSES for word in clause.words)
    )


def _read_unsupported(clause: Clause, reading: Reading) -> bool:
    """Read what is understood and needs another kind of engine; say whether that was all."""
    words, mood = clause.words, clause.mood
    if mood.forbids or mood.guards:
        return False
    for index, word in enumerate(words):
        reason = words_of.UNSUPPORTED.get(word)
        if reason is not None and index not in clause.used:
            if word in {"move", "moving", "layout", "composition"} and "centre" in words:
                continue
            if reason == words_of.DRAWN_ANEW and mood.lessens:
                reading.refuse(clause, _NO_OPPOSITE)
                return True
            reading.refuse(clause, reason)
            return True
    has_operation = any(
        word in SENSES or word in words_of.LOOKS or colour_of(word) is not None for word in words
    )
    if clause.has(words_of.TEXTS):
        changes_font = clause.has(_FONTS) and clause.has(_WORDING) and not has_operation
        changes_words = clause.has(_WORDING) and not has_operation and not clause.has(
            words_of.COLOUR_NOUNS
        )
        if changes_font or changes_words or (mood.removes and _is_object(clause, words_of.TEXTS)):
            reading.refuse(clause, words_of.LETTERS_ANEW)
            return True
    if _puts_something(clause):
        reading.refuse(clause, words_of.THINGS_ADDED)
        return True
    if clause.has(_TAKING) and _names_unknown(clause, _TAKING):
        reading.refuse(clause, words_of.THINGS_REMOVED)
        return True
    return False


def _is_object(clause: Clause, group: frozenset[str]) -> bool:
    """Say whether the first noun after a removing verb is of a group: "drop the tagline"."""
    verb = next((at for at, word in enumerate(clause.words) if word in words_of.REMOVE), None)
    if verb is None:
        return False
    for word in clause.words[verb + 1 :]:
        if word in group:
            return True
        if word not in FILLER and word not in words_of.SCOPING:
            return False
    return False


def _puts_something(clause: Clause) -> bool:
    if not clause.has(_PUTTING) or clause.mood.lacks:
        return False
    return _names_unknown(clause, _PUTTING)


def _names_unknown(clause: Clause, verbs: frozenset[str]) -> bool:
    """Say whether the object of a verb is something that the grammar has no word for."""
    start = next(at for at, word in enumerate(clause.words) if word in verbs)
    for word in clause.words[start + 1 :]:
        if word in {"to", "on", "around", "from", "behind", "in", "for", "so", "under", "with"}:
            return False
        if word in words_of.FOREGROUNDS:
            return True
        if word in words_of.BACKGROUNDS | words_of.PARTS | words_of.TEXTS:
            return False
        sense = SENSES.get(word)
        if sense is not None and sense.form == "noun":
            return False
        if not is_known(word) and colour_of(word) is None and word.isalpha():
            return True
    return False


def _read_looks(clause: Clause, reading: Reading) -> None:
    mood = clause.mood
    for index, word in enumerate(clause.words):
        look = words_of.LOOKS.get(word)
        if look is None or index in clause.used:
            continue
        clause.used.add(index)
        if word in {"natural", "organic", "negative"} and not _is_look(clause, index):
            continue
        if mood.forbids or mood.guards or mood.lessens and look != "grayscale":
            reading.refuse(clause, ASKED_NOT_TO)
        elif mood.complains and not mood.wishes:
            continue
        else:
            # "soft pastels", "cool neon": what stands before the name belongs to it.
            clause.used.update(
                at for at in (index - 1, index - 2) if at >= 0 and clause.words[at] in
                {"soft", "light", "gentle", "subtle", "muted", "bright", "pale", "faded", "full"}
            )
            reading.wish(clause, Look(look=look))
            if word == "neon" or look in {"pastel", "earthy"}:
                clause.used.update(
                    at for at in (index + 1, index + 2)
                    if at < len(clause.words) and clause.words[at] in words_of.COLOUR_NOUNS
                )


def _is_look(clause: Clause, index: int) -> bool:
    return (
        clause.has(words_of.COLOUR_NOUNS, words_of.WISHING)
        or clause.before(index) == "more"
        or len(clause.words) <= 3
    )


def _read_styles(clause: Clause, reading: Reading) -> None:
    mood = clause.mood
    for index, word in enumerate(clause.words):
        style = STYLES.get(word)
        if style is None or index in clause.used or word in SENSES:
            continue
        if word in {"current", "fun", "fancy", "slick", "hip", "young"} and mood.complains:
            continue
        clause.used.add(index)
        if _has_wish(clause, reading) and not clause.has(frozenset({"and"})):
            # "darker shades would look more premium": the style is the reason.
            continue
        is_fault = word in FAULTS
        negated = mood.forbids or mood.guards or mood.lessens
        likes = mood.complains and not mood.wishes and not mood.up
        if is_fault:
            if not (mood.forbids and not mood.down):
                reading.wish(clause, *RECIPES[style], source=f"style:{style}")
        elif (mood.forbids and mood.complains and not mood.wishes) or mood.lacks:
            reading.wish(clause, *RECIPES[style], source=f"style:{style}")
        elif negated:
            reading.refuse(clause, ASKED_NOT_TO if mood.forbids else _NO_OPPOSITE)
        elif not likes:
            reading.wish(clause, *RECIPES[style], source=f"style:{style}")


def _read_theme(clause: Clause, theme: str, reading: Reading) -> None:
    """Vague words are all that the theme's description may resolve."""
    names = tuple(
        dict.fromkeys(
            name for token in tokens_of(theme) if (name := colour_of(token.word)) is not None
        )
    )
    if not names:
        reading.refuse(clause, _NO_COLOUR_IN_THEME)
    elif clause.area == "background":
        reading.wish(clause, Background(colour=names[0]), source="theme")
    else:
        scope = "text" if clause.area == "text" else None
        reading.wish(clause, Recolour(colours=names, scope=scope), source="theme")


def _read_whole(clause: Clause, reading: Reading) -> None:
    """Read wishes that name no quality: "tone it down", "liven it up", "beef up the strokes"."""
    mood = clause.mood
    if "darkmode" in clause.words and not mood.forbids and not _has_wish(clause, reading):
        reading.wish(clause, Background(colour="black"))
    if mood.forbids or mood.guards:
        return
    is_down = clause.has(_TONED_DOWN) or (
        clause.has(frozenset({"dampen", "tone", "toned"}))
        and mood.down
        and not clause.used
        and not any(word in SENSES for word in clause.words)
        and _names_only_parts(clause)
    )
    if is_down and not _has_wish(clause, reading):
        reading.wish(clause, Saturation(amount=-amount_in(clause), scope=clause.area))
    if clause.has(words_of.MORE) and clause.has(frozenset({"line", "lines", "stroke", "strokes"})) and (
        clause.has(frozenset({"increase"})) and not clause.used
    ):
        reading.wish(clause, Weight(amount=amount_in(clause)))


def _names_only_parts(clause: Clause) -> bool:
    return all(is_known(word) or not word.isalpha() for word in clause.words)


def _has_wish(clause: Clause, reading: Reading) -> bool:
    return any(wish.phrase == clause.phrase for wish in reading.wishes)


def _joined(wishes: list[Wish]) -> list[Wish]:
    """Join wishes that say one thing together: "two colours only: navy and white"."""
    joined: list[Wish] = []
    for wish in wishes:
        previous = joined[-1].operation if joined else None
        own = wish.operation
        pair = (previous, own) if isinstance(own, Recolour) else (own, previous)
        whole = _together(*pair)
        if whole is None:
            joined.append(wish)
            continue
        phrase = f"{joined[-1].phrase} {wish.phrase}"
        if joined[-1].phrase == wish.phrase:
            phrase = wish.phrase
        joined[-1] = Wish(operation=whole, phrase=phrase, source=wish.source)
    return joined


def _together(one: object, other: object) -> Duotone | Monochrome | Recolour | None:
    if not isinstance(other, Recolour) or other.scope is not None:
        return None
    colours = other.colours
    match one:
        case LimitColours(count=count) if count == len(colours) == len(("paper", "ink")):
            return Duotone(colours=(colours[0], colours[1]))
        case Monochrome(colour=None) if len(colours) == 1:
            return Monochrome(colour=colours[0])
        case _:
            return None


def _subjects(description: str) -> frozenset[str]:
    """Return the nouns of a logo's description that may name its subject, in both numbers."""
    nouns = {
        token.word
        for token in tokens_of(description)
        if token.word.isalpha() and len(token.word) > len("of") and not is_known(token.word)
    }
    return frozenset(nouns | {noun + "s" for noun in nouns} | {noun.removesuffix("s") for noun in nouns})


def _is_foreign(tokens: Sequence[Token]) -> bool:
    """Say whether a prompt is in another language: hardly a word of it is known."""
    words = [token.word for token in tokens if token.word.isalpha()]
    if len(words) <= _FOREIGN_WORDS_MIN:
        return False
    if sum(word in FOREIGN for word in words) >= _FOREIGN_WORDS_MIN:
        return True
    known = sum(is_known(word) or colour_of(word) is not None for word in words)
    return known < _KNOWN_PART_MIN * len(words)


def _is_praise(clause: Clause) -> bool:
    """Say whether a clause only says that something is fine as it is."""
    mood = clause.mood
    if mood.forbids or mood.lacks or mood.too or mood.up or mood.down or mood.removes:
        return False
    senses = [SENSES[word] for word in clause.words if word in SENSES]
    if any(sense.form in {"explicit", "fault"} for sense in senses):
        return False
    likes = any(
        word in _LIKING and clause.words[max(0, at - 2) : at] and
        set(clause.words[max(0, at - 2) : at]) & _SUBJECTS
        for at, word in enumerate(clause.words)
    ) or clause.words[0] in {"love", "loving", "nice", "great", "lovely"} and mood.is_neutral
    approves = mood.complains and not mood.wishes and clause.has(_APPROVING)
    return likes or approves


def _has_content(clause: Clause) -> bool:
    return any(word not in FILLER and not word.isdigit() and word[0].isalnum() for word in clause.words)
