"""Reads a prompt: tokens to clauses, clauses to wishes.

The grammar is direction x attribute x scope, clause by clause, each kind of wish in its own module,
the most specific first: what one has read is accounted for, and the next does not see it. Getting a
direction wrong is worse than missing a wish: what is negated, complained about or asked to go never
becomes its opposite.
"""

import itertools
from collections.abc import Sequence
from typing import Final

import msgspec

from services.refinement.engines.local.language import vocabulary as words_of
from services.refinement.engines.local.language.asides import without_asides
from services.refinement.engines.local.language.attributes import SENSES
from services.refinement.engines.local.language.beyond import read_unsupported
from services.refinement.engines.local.language.canvas_wishes import read_canvas
from services.refinement.engines.local.language.clauses import Clause, clauses_of, turns_back
from services.refinement.engines.local.language.colour_wishes import read_colours
from services.refinement.engines.local.language.decisions import (
    is_decision,
    oppose,
    take_back_opinions,
    weigh,
)
from services.refinement.engines.local.language.doubts import drop_doubtful
from services.refinement.engines.local.language.joining import settled
from services.refinement.engines.local.language.keeping import (
    read_exception,
    read_keeping,
    read_looks_kept,
)
from services.refinement.engines.local.language.licence import is_praise, is_question
from services.refinement.engines.local.language.listed_points import without_ignored_points
from services.refinement.engines.local.language.ordinary_words import FILLER, FOREIGN, LOOKALIKES
from services.refinement.engines.local.language.parts import (
    goes_on_about_part,
    read_partial_line,
    read_unknown_part,
    refuse_part,
    take_from_part,
)
from services.refinement.engines.local.language.phrases import PHRASES
from services.refinement.engines.local.language.quality_wishes import LINE_THINGS, read_qualities
from services.refinement.engines.local.language.quantities import (
    amount_in,
    area_of,
    names_area_first,
    names_the_whole,
)
from services.refinement.engines.local.language.references import (
    Context,
    drop_limit,
    drop_repeated,
    refer,
    relate,
    remember,
    take_amount,
)
from services.refinement.engines.local.language.reported import heard, speaker_at
from services.refinement.engines.local.language.rewording import reworded
from services.refinement.engines.local.language.sentence_kinds import Licence
from services.refinement.engines.local.language.spelling import is_known
from services.refinement.engines.local.language.terse import in_plain_order
from services.refinement.engines.local.language.things import read_things
from services.refinement.engines.local.language.tokens import Token, colour_of, tokens_of
from services.refinement.engines.local.language.topics import Topic
from services.refinement.engines.local.language.treatments import (
    has_wish,
    read_looks,
    read_styles,
    read_theme,
)
from services.refinement.engines.local.language.turning_words import (
    drop_unheeded,
    take_back,
)
from services.refinement.engines.local.language.unknown_parts import bare_part_of, judged_part_of
from services.refinement.engines.local.language.wishes import Reading, Wish
from services.refinement.engines.local.operations import (
    Background,
    Border,
    Contrast,
    Duotone,
    Flip,
    Lightness,
    LimitColours,
    Look,
    Monochrome,
    Operation,
    Outline,
    Padding,
    Recolour,
    Replace,
    Roundness,
    Saturation,
    Shadow,
    Simplify,
    Square,
    Warmth,
    Weight,
)

_FOREIGN_WORDS_MIN: Final = 2


_KNOWN_PART_MIN: Final = 0.4


_UNMATCHED_LENGTH_MAX: Final = 200


_ASKING: Final = frozenset({"what", "which", "who", "when", "where", "how"})


# What only an order or a fragment of one asks for by naming it.
_MENTIONED: Final = (
    *(Recolour, Background, Monochrome, Duotone, Look, Shadow, Border, Outline, Replace),
    *(Square, Flip),
)


# What a statement may only describe: "it has rounded corners and three colours".
_DESCRIBED: Final = (Weight, Roundness, LimitColours, Padding, Lightness, Saturation)
_HAVING: Final = frozenset({"has", "have", "there", "thereis", "comes", "got", "shows"})
_PURPOSES: Final = frozenset({"for", "like", "at", "because", "since"})
_PHRASED: Final = frozenset(PHRASES.values())
_STRANGE_MIN: Final = 2
_STRANGE_SHARE: Final = 3
_GUESSED: Final = (
    *(Recolour, Lightness, Saturation, Warmth, Contrast, Weight, Monochrome, Simplify, Shadow),
    *(Border, Outline, Roundness),
)
# How many clauses further on a sentence may say something of what it names first.
_AHEAD_MAX: Final = 8
_DEMANDING: Final = frozenset({"should", "must", "needs"})
_SUBJECTLESS: Final = frozenset({"too", "looks", "feels", "needs", "seems", "insufficiently"})
_TONED_DOWN: Final = frozenset({"tonedown"})


def read(prompt: str, theme: str = "", description: str = "") -> Reading:
    """Read a prompt.

    `theme` only says which colours "the brand's" are; `description` only which nouns name what the
    logo shows.
    """
    reading = Reading()
    tokens: Sequence[Token] = without_ignored_points(tokens_of(prompt))
    if _is_foreign(tokens):
        reading.unmatched.append(" ".join(prompt.split())[:_UNMATCHED_LENGTH_MAX])
        return reading
    subjects = _subjects(description)
    if subjects:
        tokens = tuple(
            token._replace(word="icon") if token.word in subjects else token for token in tokens
        )
    tokens, opinions = heard(tokens, prompt)
    clauses = clauses_of(without_asides(reworded(in_plain_order(tokens))), prompt)
    _assign_areas(clauses)
    context = Context()
    topic = Topic()
    for at, clause in enumerate(clauses):
        relate(clause, context)
        clause.speaker = speaker_at(opinions, clause.start)
        clause.decides = is_decision(clause)
        ahead = clauses[at + 1 : at + 1 + _AHEAD_MAX]
        if topic.is_set_by(clause, ahead, prompt):
            continue
        if not _asks_for_nothing(clause, context, reading, prompt, is_last=not ahead):
            refer(clause, context, reading)
            topic.apply(clause)
            before = reading.extent
            _read_next(clause, theme, context, reading)
            if reading.extent == before:
                oppose(clause, prompt, reading)
    weigh(reading)
    reading.wishes = settled(reading)
    return reading


def _asks_for_nothing(
    clause: Clause, context: Context, reading: Reading, prompt: str, *, is_last: bool
) -> bool:
    """Note what a clause tells, praises, asks or takes back; say whether that is all it does."""
    is_asked = prompt[clause.start + len(clause.phrase) :].lstrip().startswith("?")
    if not is_last and is_asked and len(clause.words) == 1 and colour_of(clause.words[0]):
        # "Purple? Really?"
        context.spoken = clause
        return True
    if take_back_opinions(clause, reading):
        context.idle = clause
        return True
    if clause.licence.is_idle:
        context.spoken = clause
        return True
    asks = is_last and prompt.rstrip().endswith("?") and clause.words[0] in _ASKING
    if asks or is_question(clause, prompt) or is_praise(clause):
        context.spoken = context.about = clause
        clause.part = bare_part_of(clause) or judged_part_of(clause)
        return True
    return take_back(clause, context.about, reading)


def _read_next(clause: Clause, theme: str, context: Context, reading: Reading) -> None:
    """Read what a clause asks for, and remember what it was about."""
    before, known_before = reading.extent, len(reading.wishes)
    about = context.about
    if about is not None and about.part and goes_on_about_part(clause, about):
        refuse_part(clause, about.part, reading)
    elif not take_amount(clause, about, reading):
        known = len(reading.wishes)
        _read_licensed(clause, theme, reading)
        drop_unheeded(clause, known, reading, lambda one, into: _read_licensed(one, theme, into))
        drop_doubtful(clause, known, reading)
        clause.part = clause.part or bare_part_of(clause) or judged_part_of(clause)
    drop_limit(clause, known_before, reading)
    context.about = clause
    is_idle = reading.extent == before
    remember(clause, context, is_idle=is_idle)
    if is_idle and _has_content(clause) and reading.unmatched[-1:] != [clause.phrase]:
        reading.unmatched.append(clause.phrase)


def _read_licensed(clause: Clause, theme: str, reading: Reading) -> None:
    """Read what a clause may ask for, being the kind of sentence it is."""
    known = len(reading.wishes)
    if _is_mostly_unread(clause):
        return
    _read_clause(clause, theme, reading)
    if not (clause.licence.grants_mentions or clause.mood.lacks):
        reading.wishes[known:] = [
            wish
            for wish in reading.wishes[known:]
            if not (isinstance(wish.operation, _MENTIONED) or _is_told(clause, wish.operation))
        ]
    if _has_strange_words(clause):
        # One word that is known among several that are not says too little.
        reading.wishes[known:] = [
            wish for wish in reading.wishes[known:] if not _is_guess(wish.operation)
        ]
    drop_repeated(clause, reading, known)
    take_from_part(clause, known, reading)


def _is_mostly_unread(clause: Clause) -> bool:
    """Say whether a complaint or story has too many words of its own to guess from the others."""
    if clause.licence not in {Licence.COMPLAINT, Licence.STATEMENT}:
        return False
    content = [word for word in clause.words if word.isalpha() and word not in FILLER]
    unread = sum(
        (not is_known(word) or word in LOOKALIKES) and colour_of(word) is None for word in content
    )
    return unread > 1 and 2 * unread > len(content)


def _has_strange_words(clause: Clause) -> bool:
    """Say whether several words of a clause are unknown, and not only those of a purpose."""
    told = next((at for at, word in enumerate(clause.words) if word in _PURPOSES), None)
    spoken = clause.words[:told]
    strange = [
        word
        for word in spoken
        if word.isalpha()
        and not is_known(word)
        and colour_of(word) is None
        and word not in _PHRASED
    ]
    return len(strange) >= _STRANGE_MIN and len(strange) * _STRANGE_SHARE >= len(spoken)


def _is_guess(operation: Operation) -> bool:
    """Say whether an operation is for the whole logo, and of a kind that one word may lead to."""
    return isinstance(operation, _GUESSED) and getattr(operation, "scope", None) is None


def _is_told(clause: Clause, operation: Operation) -> bool:
    """Say whether a clause tells what there is: "it has thick lines", "3 cm of dead space"."""
    if not clause.has(_HAVING):
        return False
    if isinstance(operation, Padding) and operation.amount > 0:
        return not clause.mood.lacks
    if clause.licence is not Licence.STATEMENT:
        return False
    mood = clause.mood
    is_judged = mood.lacks or mood.too or mood.forbids or mood.removes or mood.lessens or mood.up
    finds_fault = "fewercolours" in clause.words or any(
        word in SENSES and SENSES[word].form in {"explicit", "fault"} for word in clause.words
    )
    return isinstance(operation, _DESCRIBED) and not (is_judged or finds_fault)


def _read_clause(clause: Clause, theme: str, reading: Reading) -> None:
    if read_exception(clause, reading):
        clause.area = area_of(clause)
    if read_looks_kept(clause, reading) or read_keeping(clause, reading):
        return
    if read_unsupported(clause, reading):
        return
    if read_unknown_part(clause, reading) or read_partial_line(clause, reading):
        return
    has_codes = any(word.startswith("#") for word in clause.words)
    if "onbrand" in clause.words and not (has_codes or clause.mood.forbids):
        read_theme(clause, theme, reading)
        return
    read_things(clause, reading)
    read_canvas(clause, reading)
    read_looks(clause, reading)
    family = read_colours(clause, reading)
    read_styles(clause, reading)
    read_qualities(clause, family, reading)
    _read_whole(clause, reading)


def _assign_areas(clauses: Sequence[Clause]) -> None:
    """Give each clause the part of the logo it is about, taken over from a neighbour if need be."""
    for clause in clauses:
        clause.area = area_of(clause)
    _take_over_areas(clauses)
    for previous, clause in itertools.pairwise(clauses):
        if clause.area is None and previous.mood.forbids and turns_back(previous, clause):
            # "Don't go darker on the text, go lighter"
            clause.area = None if names_the_whole(clause) else previous.area
        is_value = all(colour_of(word) is not None for word in clause.words)
        asks = previous.area is not None and previous.has(_DEMANDING)
        if is_value and asks and not any(colour_of(word) for word in previous.words):
            # "The background should be what our site has, #0b1f3a"
            clause.area = clause.referent = previous.area
    for clause, following in zip(clauses[-2::-1], clauses[:0:-1], strict=False):
        is_bare = all(
            (word in SENSES and SENSES[word].form == "explicit") or word in {"please", "just"}
            for word in clause.words
        )
        is_verb = not clause.words[-1].endswith("er")
        if is_bare and is_verb and clause.area is None and following.joined in {"and", "&", ","}:
            clause.area = following.area


def _take_over_areas(clauses: Sequence[Clause]) -> None:
    """Give a clause without a part of its own the one before it, where it goes on about that."""
    for previous, clause in itertools.pairwise(clauses):
        if clause.area is not None or not names_area_first(previous):
            continue
        is_listed = clause.joined == "," and _is_bare(clause)
        is_joined = clause.joined in {"and", "&", "or"} or is_listed
        goes_on = is_joined and previous.area is not None and _continues(clause)
        if goes_on or clause.words[0] in _SUBJECTLESS:
            # "The text is fine but too dark"
            clause.area = previous.area


def _is_bare(clause: Clause) -> bool:
    """Say whether a clause only compares: "text red, a bit bigger"."""
    return any(word in SENSES for word in clause.words) and all(
        (word in SENSES and SENSES[word].form == "explicit" and word.endswith("er"))
        or word in words_of.SLIGHT | words_of.STRONG | {"please", "more", "less"}
        for word in clause.words
    )


def _continues(clause: Clause) -> bool:
    return (
        not names_the_whole(clause)
        and not clause.has(frozenset({"make", "use", "give", "put", "add", "please", "overall"}))
        and not any(colour_of(word) for word in clause.words)
        and any(word in SENSES for word in clause.words)
        and not clause.has(LINE_THINGS)
    )


def _read_whole(clause: Clause, reading: Reading) -> None:
    """Read wishes that name no quality: "tone it down", "liven it up", "beef up the strokes"."""
    mood = clause.mood
    if "darkmode" in clause.words and not mood.forbids and not has_wish(clause, reading):
        reading.wish(clause, Background(colour="black"))
    if mood.forbids or mood.guards:
        return
    is_down = clause.has(_TONED_DOWN) or (
        (clause.has(frozenset({"dampen"})) or clause.has(words_of.TURNING))
        and mood.down
        and not clause.used
        and not any(word in SENSES for word in clause.words)
        and _names_only_parts(clause)
        and not clause.has(LINE_THINGS)
    )
    last = reading.wishes[-1] if reading.wishes else None
    if is_down and last is not None and _is_lessened(clause, last):
        # "Colours too bright, tone it down a bit" says one thing twice.
        amount = -amount_in(clause)
        operation = msgspec.structs.replace(last.operation, amount=amount)
        reading.wishes[-1] = msgspec.structs.replace(last, operation=operation)
        reading.understood += 1
    elif is_down and not has_wish(clause, reading):
        reading.wish(clause, Saturation(amount=-amount_in(clause), scope=clause.area))
    if _wants_colour(clause) and not has_wish(clause, reading):
        reading.wish(clause, Saturation(amount=amount_in(clause), scope=clause.area))
    if (
        clause.has(words_of.MORE)
        and clause.has(frozenset({"line", "lines", "stroke", "strokes"}))
        and (clause.has(frozenset({"increase"})) and not clause.used)
    ):
        reading.wish(clause, Weight(amount=amount_in(clause)))


def _is_lessened(clause: Clause, last: Wish) -> bool:
    """Say whether a complaint of too much comes before "tone it down"."""
    one = last.operation
    is_complaint = bool({"too", "to", "so"} & set(last.phrase.lower().split()))
    is_less = isinstance(one, Lightness | Saturation) and one.amount < 0
    return is_complaint and is_less and clause.area in {None, getattr(one, "scope", None)}


def _wants_colour(clause: Clause) -> bool:
    """Say whether a clause asks for "more colour", and for nothing else."""
    is_more = any(
        word in {"color", "colour"} and clause.before(at) in {"more", "increase"}
        for at, word in enumerate(clause.words)
    )
    says_else = any(word in SENSES or colour_of(word) is not None for word in clause.words)
    return is_more and not says_else and not (clause.mood.complains or clause.mood.lessens)


def _names_only_parts(clause: Clause) -> bool:
    return all(is_known(word) or not word.isalpha() for word in clause.words)


def _subjects(description: str) -> frozenset[str]:
    """Return the nouns of a logo's description that may name its subject, in both numbers."""
    nouns = {
        token.word
        for token in tokens_of(description)
        if token.word.isalpha() and len(token.word) > len("of") and not is_known(token.word)
    }
    return frozenset(
        nouns | {noun + "s" for noun in nouns} | {noun.removesuffix("s") for noun in nouns}
    )


def _is_foreign(tokens: Sequence[Token]) -> bool:
    """Say whether a prompt is in another language: hardly a word of it is known."""
    words = [token.word for token in tokens if token.word.isalpha()]
    if len(words) <= _FOREIGN_WORDS_MIN:
        return False
    if sum(word in FOREIGN for word in words) >= _FOREIGN_WORDS_MIN:
        return True
    known = sum(is_known(word) or colour_of(word) is not None for word in words)
    return known < _KNOWN_PART_MIN * len(words)


def _has_content(clause: Clause) -> bool:
    return any(
        word not in FILLER and not word.isdecimal() and word[0].isalnum() for word in clause.words
    )
