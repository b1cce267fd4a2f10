"""Says what kind of sentence a clause is, and so what its words may ask for.

To mention a colour or a border is a wish in an order or in a fragment of one ("white background
please"). In what is told, supposed, allowed or about where the logo goes it is none. Closed classes
of words decide: persons, tenses, modals and connectives.
"""

from typing import Final

from services.refinement.engines.local.language import vocabulary as words_of
from services.refinement.engines.local.language.attributes import SENSES
from services.refinement.engines.local.language.clauses import Clause
from services.refinement.engines.local.language.morphology import words
from services.refinement.engines.local.language.sentence_kinds import Licence
from services.refinement.engines.local.language.spelling import is_known
from services.refinement.engines.local.language.tokens import colour_of

_PERSONS: Final = words("i we they he she you who somebody someone everyone everybody")
_ADVERBS: Final = words(
    "just also then already really always all first never did only once actually even still now "
    "both honestly have had has ve initially originally"
)
# Past forms that are no participles too: whoever stands before them, something is told.
_TOLD: Final = words(
    "was were had did said gave thought went came told asked showed tried saw took chose wrote "
    "drew knew began became wanted mentioned voted complained suggested felt liked loved wondered"
)
# Past forms that may as well be participles: "you made it pink", but "the lines made thicker".
_DONE: Final = _TOLD | words(
    "made got used put turned added changed sent received left kept ended used printed ordered "
    "found bought picked requested presented uploaded removed lost done delivered set cut started"
)
_TOLD_OF: Final = words(
    "yesterday previous previously earlier before last originally initially formerly first "
    "older ago next attempt past"
)
_DEMANDING: Final = words("asked wanted requested suggested agreed decided settled chose")
_HATING: Final = words("hate hates dislikes detests")
_TOLD_TO: Final = words("me us him her them")
_DEMANDED: Final = words("should must needs need could can wants want please needed shall")
_VERSIONS: Final = words(
    "version versions one draft attempt time week month year round designer agency sign"
)
_CONDITIONS: Final = words("if unless when whenever whatever after until once otherwise whether")
_CONNECTIVES: Final = words("and but so also only even or because since as plus well ok then")
_POLITE_CONDITION: Final = words("could would can might possible were")
_STAYING: Final = words("stay stays remain remains")
_ALLOWING: Final = words("can may could might")
_COPULAS: Final = words("is are its am looks look be")
_SATISFIED: Final = words("fine ok okay alright")
_USES: Final = words(
    "printed embroidered stitched engraved sewn woven displayed shown mounted used etched "
    "projected hung carved cast stamped"
)
_PASSIVE: Final = words("be is are get gets being been gonna going will its")
_PLACING: Final = words("on in into onto next over under beside at above for")
# "We are a small bakery", "I run a shop": who speaks, not what they wish.
_OWN_DOINGS: Final = words("am are run sell own print make bake have work live teach do produce")
_SEEKING: Final = words("looking thinking after hoping going hate indifferent")
_GOING: Final = words("go goes going sits hangs")
_ORDERING: Final = words(
    "please should must need needs want wants prefer wish lets let try ought gimme maybe recommend "
    "suggest hoping hope wishing wanted ensure perhaps supposed agreed decided settled asked "
    "requested needed requires looking thinking after"
)
_SUPPOSING: Final = frozenset({"would", "could", "if"})
_MODALS: Final = words("would could can shall will may might")
_AFTER_MODAL: Final = words(
    "be have has go get become use like love make do look turn prefer want need you we it the "
    "change add keep put take give see try this that everything i these someone rather also suit "
    "work fit benefit remain he"
)
_FEARING: Final = words("warned warns warn afraid worried worries fears feared concerned risk")
_OPINING: Final = words("agree think believe find feel consider share")
_FEARED: Final = words("would might could will may can")
_SUITING: Final = words("work suit fit help be do look")
_LEADING: Final = words(
    "please just maybe also and then ok okay so now well but hi hello hey instead only simply "
    "kindly yes no kindly or rather first second finally next further but"
)
_VERBS: Final = words(
    "make add use put give turn set change switch try go have get keep remove bring take let do "
    "replace swap paint colour color recolor recolour tint fill apply draw place move increase "
    "reduce crop rotate flip trim cut drop lose ditch kill convert transform place include leave "
    "think fix show render redo pull push tone dial start stick work choose pick stop avoid ensure"
)
_FINITE: Final = words(
    "is are am was were has had does did isnot looks feels seems gets goes comes came went wants "
    "likes says thinks sits shows works fits prints contains leans belongs sells makes means loves "
    "reminds resembles represents symbolises symbolizes recalls "
    "reads strikes competes clashes distracts sounds "
    "happens thereis looked uses runs costs hates gave got said"
)
# What follows these belongs to a clause within the clause.
_RELATIVES: Final = words("where which who whose")
_SUBJECTS: Final = frozenset({"i", "we", "they", "clients", "everyone"})
_LIKING: Final = frozenset({"love", "like", "enjoy", "liked", "loved", "likes", "loves"})
_APPROVING: Final = words_of.PRAISING - _LIKING - {"pretty", "cool", "fine", "happy", "enjoy"}
# "Most people prefer blue": what others like in general asks for nothing.
_OTHERS: Final = words("people folks customers everyone everybody kids children women men family")
_INTRODUCING: Final = words("my our the their his her some many most all other these those")
_SINGULAR: Final = words("this is was us yes its always perhaps looks feels seems has does thanks")
_PREFERRING: Final = words(
    "prefer prefers like likes love loves adore enjoy favour favor choose pick"
)
_ASKING_WHETHER: Final = words("is are does has was were")
_POSSIBLE: Final = words("possible able there way chance too you we")
_DENIED_OF: Final = words("i we the it you they there this my our")
_PREFERRING_WITHIN: Final = 4
_UNKNOWN_MAX: Final = 2
_FRAGMENT_WORDS_MAX: Final = 7
_WHY_SHOULD: Final = words("would should did must will do")
_NEAR: Final = 3


def licence_of(clause: Clause) -> Licence:
    """Return what kind of sentence a clause is."""
    for kind, is_kind in (
        (Licence.CONDITION, _is_condition),
        (Licence.INDIFFERENCE, _is_indifferent),
        (Licence.REPORT, _is_report),
        (Licence.CONTEXT, _is_set_aside),
        (Licence.CONTEXT, _is_context),
        (Licence.ORDER, _is_order),
        (Licence.COMPLAINT, _is_complaint),
        (Licence.STATEMENT, _is_statement),
    ):
        if is_kind(clause):
            return kind
    return Licence.FRAGMENT


def is_praise(clause: Clause) -> bool:
    """Say whether a clause only says that something is fine as it is."""
    mood = clause.mood
    if mood.forbids or mood.lacks or mood.too or mood.up or mood.down or mood.removes:
        return False
    senses = [SENSES[word] for word in clause.words if word in SENSES]
    if any(sense.form in {"explicit", "fault"} for sense in senses):
        return False
    likes = any(
        word in _LIKING
        and clause.words[max(0, at - 2) : at]
        and set(clause.words[max(0, at - 2) : at]) & _SUBJECTS
        for at, word in enumerate(clause.words)
    ) or (clause.words[0] in {"love", "loving", "nice", "great", "lovely"} and mood.is_neutral)
    approves = mood.complains and not mood.wishes and clause.has(_APPROVING)
    return likes or approves


def _is_condition(clause: Clause) -> bool:
    """Say whether a clause only supposes: "if you add a border", not "if you could"."""
    start = _past(clause.words, _CONNECTIVES)
    rest = clause.words[start:]
    if rest[:2] == ("in", "case"):
        return True
    if not rest or rest[0] not in _CONDITIONS:
        return False
    return not (rest[0] == "if" and set(rest[1:_NEAR]) & _POLITE_CONDITION) and "wonder" not in rest


def _is_indifferent(clause: Clause) -> bool:
    """Say whether a clause only allows: "I don't mind the red", "the sun can stay yellow"."""
    all_words = clause.words
    if "indifferent" in all_words or _is_enough(clause):
        return True
    for at, word in enumerate(all_words):
        if word in _STAYING and clause.before(at) in _ALLOWING:
            return any(colour_of(one) is not None for one in all_words[at:])
        if word in _SATISFIED and not clause.mood.too and not clause.mood.forbids:
            compares = any(one in SENSES and SENSES[one].form == "explicit" for one in all_words)
            if set(all_words[max(0, at - _NEAR) : at]) & _COPULAS and not compares:
                return True
    return False


def _is_enough(clause: Clause) -> bool:
    """Say whether a clause is content with a quality: "it is dark enough"."""
    mood = clause.mood
    return (
        any(
            word == "enough" and clause.before(at) in SENSES for at, word in enumerate(clause.words)
        )
        and not (mood.forbids or mood.lacks)
        and not clause.has(_ORDERING)
        and clause.words[_past(clause.words, _LEADING) :][:1] != ("make",)
    )


def _is_report(clause: Clause) -> bool:
    """Say whether a clause tells of what was, and demands nothing that still stands."""
    at = _told_at(clause)
    if at is None:
        return False
    before, after = clause.words[:at], clause.words[at:]
    if (_ORDERING | _SUPPOSING) & set(before):
        # "What if the text was red?"
        return False
    if _DEMANDED & set(after) or _HATING & set(after):
        return False
    is_of_another = bool(_TOLD_OF & set(clause.words)) and (
        bool(_VERSIONS & set(before)) or bool(_TOLD_OF & set(before)) or at <= _NEAR
    )
    if is_of_another:
        return True
    if after[0] in _DEMANDING:
        return False
    return not _is_fault(clause)


def _told_at(clause: Clause) -> int | None:
    """Return where the verb in the past is that says who did what."""
    for at, word in enumerate(clause.words):
        if word not in _DONE:
            continue
        start = at
        while start and clause.words[start - 1] in _ADVERBS:
            start -= 1
        subject = clause.words[start - 1] if start else ""
        became = SENSES.get(clause.after(at))
        if word in {"got", "became"} and start and became and became.form == "explicit":
            # "The logo got darker"
            return at
        if clause.after(at) in _TOLD_TO and word not in _DEMANDING:
            return at
        if word in _TOLD and subject not in {"be", "it", "that", "as"}:
            return at
        if subject in _PERSONS or (not start and not at and word in {"got", "made"}):
            return at
        if word in {"was", "were"}:
            return at
    return None


def _is_context(clause: Clause) -> bool:
    """Say whether a clause tells where the logo is used: "it will be printed on dark fabric"."""
    if clause.has(frozenset({"please", "should", "must", "could", "can", "want", "need"})):
        return False
    all_words = clause.words
    start = _past(all_words, _CONNECTIVES)
    if all_words[start : start + 1] in (("i",), ("we",)):
        verb = all_words[start + 1 : start + 2]
        does = all_words[start + 2 : start + 3]
        if (
            verb
            and verb[0] in _OWN_DOINGS
            and not (does == ("not",) and clause.mood.lacks)
            and not (_SEEKING & set(all_words) or (does and does[0].endswith("ing")))
        ):
            return True
    for at, word in enumerate(all_words):
        follows = clause.after(at)
        if word in _USES and set(all_words[max(0, at - _NEAR) : at]) & _PASSIVE:
            return True
        if word in _USES and follows in _PLACING and not at:
            return True
        if word in _GOING and follows in _PLACING - {"for"} and at:
            before = all_words[:at]
            return bool(set(before) & words("it this that logo which these they is will its"))
        if (
            word == "for"
            and at <= _NEAR
            and not clause.mood.too
            and set(all_words[:at]) & {"is", "its", "are"}
        ):
            return not set(all_words[:at]) & words("black white")
    return False


def _is_set_aside(clause: Clause) -> bool:
    """Say whether a clause denies, tells of others, or is about what nothing can be done to."""
    all_words = clause.words
    return (
        _is_denial(all_words)
        or _is_of_others(all_words)
        or _is_of_letter(all_words)
        or _is_rhetorical(all_words)
        or _is_feared(all_words)
        or _is_other_opinion(all_words)
    )


def _is_other_opinion(all_words: tuple[str, ...]) -> bool:
    """Say whether a clause denies a fault: "she does not agree that it is too dark"."""
    at = next((at for at, word in enumerate(all_words) if word in _OPINING), 0)
    said = all_words[at + 1 :]
    finds_fault = "too" in said or any(
        word in SENSES and SENSES[word].form == "fault" for word in said
    )
    return "not" in all_words[:at] and finds_fault and "enough" not in said


def _is_feared(all_words: tuple[str, ...]) -> bool:
    """Say whether a clause warns of what might be: "she fears a thinner line would break"."""
    at = next((at for at, word in enumerate(all_words) if word in _FEARING), None)
    return at is not None and bool(_FEARED & {*all_words[at:]})


def _is_rhetorical(all_words: tuple[str, ...]) -> bool:
    """Say whether a clause asks why anybody should: "why would you make it darker"."""
    start = _past(all_words, _CONNECTIVES)
    asked = all_words[start : start + _NEAR]
    return (
        len(asked) == _NEAR
        and asked[0] == "why"
        and asked[1] in _WHY_SHOULD
        and asked[2] in _PERSONS
        and "not" not in all_words
    )


def is_question(clause: Clause, prompt: str) -> bool:
    """Say whether a clause only asks how the logo is: "is this high res?"."""
    return (
        prompt.rstrip().endswith("?")
        and clause.words[0] in _ASKING_WHETHER
        and not clause.has(_POSSIBLE)
        and not (clause.mood.forbids or clause.mood.lacks or clause.mood.too)
    )


def _is_denial(all_words: tuple[str, ...]) -> bool:
    """Say whether a clause denies that something is meant: "it is not that I dislike it"."""
    if all_words[:4] in {("it", "is", "well", one) for one in _DENIED_OF}:
        return True
    return any(
        (all_words[at : at + 2] == ("not", "that") and set(all_words[at + 2 : at + 3]) & _DENIED_OF)
        or all_words[at : at + 2] == ("not", "saying")
        for at in range(_NEAR + 1)
    )


def _is_of_others(all_words: tuple[str, ...]) -> bool:
    """Say whether a clause tells what others like: "most people prefer blue"."""
    return any(
        (word in _OTHERS or _is_several(all_words, at))
        and all_words[at + 1 : at + 2]
        and all_words[at + 1] in _PREFERRING
        for at, word in enumerate(all_words[:_PREFERRING_WITHIN])
    )


def _is_several(all_words: tuple[str, ...], at: int) -> bool:
    """Say whether a word names several of a kind: "my friends", "the neighbours"."""
    word = all_words[at]
    is_noun = word.isalpha() and word.endswith("s") and not word.endswith("ss")
    is_introduced = not at or all_words[at - 1] in _INTRODUCING
    return is_noun and is_introduced and word not in _SINGULAR and word not in SENSES


def _is_of_letter(all_words: tuple[str, ...]) -> bool:
    """Say whether a clause is about one letter, which nothing can be done to alone."""
    start = _past(all_words, _LEADING | {"make", "the", "letter", "can", "could", "you"})
    letter = all_words[start : start + 1]
    return (
        bool(start)
        and len(letter) == 1
        and all_words[start - 1] in {"the", "letter"}
        and len(letter[0]) == 1
        and letter[0].isalpha()
    )


def _is_order(clause: Clause) -> bool:
    all_words = clause.words
    if all_words[0] == "why":
        # "Why the grey background?"
        return False
    if clause.has(_ORDERING):
        return True
    start = _past(all_words, _LEADING)
    if start < len(all_words) and all_words[start] in _VERBS:
        return True
    if _suggests(clause):
        return True
    return any(
        word in _MODALS and clause.after(at) in _AFTER_MODAL and not _tells_of_ability(clause, at)
        for at, word in enumerate(all_words)
    )


def _suggests(clause: Clause) -> bool:
    """Say whether a clause suggests something by a question: "would a coral work instead"."""
    all_words = clause.words
    start = _past(all_words, _CONNECTIVES)
    asked = all_words[start + 1 : start + 2]
    return (
        all_words[start : start + 1] in {("would",), ("could",), ("might",)}
        and bool(asked)
        and (asked[0] in {"a", "an", "some"} or colour_of(asked[0]) is not None)
        and clause.has(_SUITING)
        and not clause.mood.too
        and not clause.mood.forbids
    )


def _tells_of_ability(clause: Clause, at: int) -> bool:
    return clause.words[at] in {"can", "could", "will"} and clause.before(at) in _PERSONS - {"we"}


def _is_complaint(clause: Clause) -> bool:
    return clause.mood.complains or _is_fault(clause) or clause.words[0] == "why"


def _is_fault(clause: Clause) -> bool:
    """Say whether a clause names a fault of the logo, whatever its tense."""
    mood = clause.mood
    return (
        mood.too
        or mood.lacks
        or clause.has(words_of.JUDGING)
        or any(word in SENSES and SENSES[word].form == "fault" for word in clause.words)
        or ("came" in clause.words and any(word in SENSES for word in clause.words))
    )


def _is_statement(clause: Clause) -> bool:
    main = list(clause.words)
    for at, word in enumerate(main):
        if at and word in _RELATIVES:
            main = main[:at]
            break
    if any(word in _FINITE for word in main):
        return True
    if any(word in _PERSONS for word in main[:-1]):
        return True
    unknown = sum(
        word.isalpha() and not is_known(word) and colour_of(word) is None for word in main
    )
    return unknown > _UNKNOWN_MAX and len(main) > _FRAGMENT_WORDS_MAX


def _past(all_words: tuple[str, ...], group: frozenset[str]) -> int:
    """Return how many words of a group a clause starts with."""
    start = 0
    while start < len(all_words) and all_words[start] in group:
        start += 1
    return start
