"""The qualities of a logo that a prompt may wish for, and every form of the words for them.

A paradigm is a list of stems; the forms come from morphology. What a word says depends on its
form: a verb or comparative ("darken", "darker") names its own direction; a plain word ("dark") is
turned by what stands around it; a fault ("garish") is something that nobody wishes for; a noun
("contrast") needs a direction. Words like "soft" mean another quality on corners than on colours:
they belong to a quality of their own, which the nouns beside them resolve (`RESOLVED_BY`).
"""

from typing import Final, Literal, TypeAlias

import msgspec

from services.refinement.engines.local.language.morphology import (
    all_verb_forms,
    comparatives,
    qualities,
    shades,
    words,
)

Form: TypeAlias = Literal["explicit", "plain", "fault", "noun"]


class Sense(msgspec.Struct, frozen=True, kw_only=True):
    """What a word says about a quality; `is_praise` where nobody complains with it."""

    quality: str
    direction: int
    form: Form
    is_praise: bool = False


class _Paradigm(msgspec.Struct, frozen=True, kw_only=True):
    quality: str
    direction: int
    adjectives: str = ""
    praise: str = ""
    faults: str = ""
    verbs: str = ""
    nouns: str = ""
    explicit: str = ""


_PARADIGMS: Final = (
    _Paradigm(
        quality="lightness",
        direction=1,
        adjectives="light bright pale airy luminous sunny blinding",
        verbs="lighten brighten illuminate",
        nouns="brightness lightness luminosity",
        explicit="lite liter",
    ),
    _Paradigm(
        quality="lightness",
        direction=-1,
        adjectives="dark deep dim shadowy moody inky",
        faults="gloomy murky dingy sombre somber dreary",
        verbs="darken deepen dim",
        nouns="darkness gloom",
    ),
    _Paradigm(
        quality="saturation",
        direction=1,
        adjectives="saturated intense",
        praise=(
            "vibrant vivid colorful colourful lively rich juicy energetic cheerful cheery fresh "
            "zingy zesty exciting happy eyecatching joyful"
        ),
        faults=(
            "garish gaudy loud lurid screaming flashy shouty overpowering oversaturated "
            "obnoxious shrill tacky showy shouting inyourface glaring eyesore ott"
        ),
        verbs="saturate intensify enliven enrich freshen refresh",
        nouns="saturation vibrancy vibrance intensity chroma colorfulness colourfulness vividness "
        "energy oomph zing vitality life zest welly pizzazz zip",
        explicit="liven amp jazz spice perk pep juice amped",
    ),
    _Paradigm(
        quality="saturation",
        direction=-1,
        adjectives="muted subdued faded dusty neutral desaturated toneddown",
        praise="calm subtle understated quiet gentle soothing restful mellow discreet restrained",
        faults=(
            "dull drab bland washedout lifeless muddy boring flatlooking insipid anaemic anemic "
            "dreary tired sad depressing colourstarved wishywashy undersaturated"
        ),
        verbs="desaturate mute subdue",
    ),
    _Paradigm(
        quality="warmth",
        direction=1,
        adjectives="warm hot",
        praise="cozy cosy inviting toasty",
        nouns="warmth",
        explicit="warming warmed warmup",
    ),
    _Paradigm(
        quality="warmth",
        direction=-1,
        adjectives="cool cold icy frosty wintry",
        faults="chilly clinical frigid",
        nouns="coldness coolness",
        explicit="cooling cooled cooldown chill chillier",
    ),
    _Paradigm(
        quality="contrast",
        direction=1,
        adjectives="contrasty highcontrast",
        praise="legible readable striking impactful visible standout noticeable prominent distinct",
        nouns="contrast contrasts legibility readability impact visibility punch definition",
        explicit="distinguishable",
    ),
    _Paradigm(
        quality="contrast",
        direction=-1,
        adjectives="lowcontrast",
        faults="faint illegible unreadable indistinct invisible lostlook hardtoread",
    ),
    _Paradigm(
        quality="pop",
        direction=1,
        praise="poppy punchy snappy",
        explicit="pop pops popping standsout",
        nouns="presence",
    ),
    _Paradigm(
        quality="simplicity",
        direction=1,
        praise=(
            "minimalist minimal minimalistic simple simplistic uncluttered streamlined sleek tidy "
            "basic uncomplicated neat"
        ),
        verbs="simplify declutter streamline minimalize minimalise",
        nouns="simplicity minimalism clarity",
        explicit="paredback paredown simplification",
    ),
    _Paradigm(
        quality="simplicity",
        direction=-1,
        adjectives="detailed complex intricate ornate elaborate",
        faults=(
            "busy cluttered complicated fussy fiddly messy chaotic overloaded overwhelming noisy "
            "overdesigned overcomplicated overworked crowded hectic overdone clutter noise specks "
            "mush speckles frills fluff complexity"
        ),
        nouns=(
            "detail details detailing ornaments ornament ornamentation texture "
            "textures flourishes embellishments embellishment decoration "
            "decorations elements"
        ),
        verbs="complicate clutter",
    ),
    _Paradigm(quality="clean", direction=1, praise="clean", verbs="clean", explicit="cleanup"),
    _Paradigm(quality="flatness", direction=1, praise="flat matte matt", verbs="flatten"),
    _Paradigm(
        quality="weight",
        direction=1,
        adjectives="thick heavy fat stout beefy meaty hefty",
        faults="chunky clunky clumsy blobby",
        verbs="thicken embolden fatten",
        nouns="thickness heft weight",
        explicit="beef beefed",
    ),
    _Paradigm(
        quality="weight",
        direction=-1,
        adjectives="thin slim slender delicate hairline dainty",
        faults="spindly flimsy skinny wispy scrawny wimpy frail puny weedy anorexic",
        verbs="slim",
        explicit="thinning thinned slimmed slimming",
    ),
    _Paradigm(quality="weak", direction=1, faults="weak feeble"),
    _Paradigm(
        quality="roundness",
        direction=1,
        praise="round rounded curvy bubbly",
        faults="",
        verbs="round",
        nouns="roundness",
        explicit="roundier",
    ),
    _Paradigm(
        quality="roundness",
        direction=-1,
        faults="pointy spiky angular boxy edgy",
        explicit="",
    ),
    _Paradigm(
        quality="smoothness",
        direction=1,
        praise="smooth",
        verbs="smooth smoothen",
        nouns="smoothness antialiasing",
    ),
    _Paradigm(
        quality="smoothness",
        direction=-1,
        faults=(
            "jagged ragged rough pixelated pixelly pixely jaggy jaggies staircase wobbly bumpy "
            "uneven rugged choppy pixellated aliased crusty"
        ),
    ),
    _Paradigm(
        quality="sharpness",
        direction=1,
        praise="crisp",
        verbs="sharpen",
        nouns="sharpness crispness",
    ),
    _Paradigm(
        quality="sharpness",
        direction=-1,
        faults="blurry fuzzy blurred smudgy hazy unsharp outoffocus mushy blur",
        verbs="blur",
    ),
    _Paradigm(quality="sharp", direction=1, praise="sharp"),
    _Paradigm(quality="soft", direction=1, adjectives="soft", verbs="soften", nouns="softness"),
    _Paradigm(quality="hard", direction=1, faults="hard harsh aggressive"),
    _Paradigm(quality="bold", direction=1, praise="bold", nouns="boldness"),
    _Paradigm(quality="strong", direction=1, praise="strong powerful robust", verbs="strengthen"),
    _Paradigm(quality="fine", direction=1, adjectives="fine"),
    _Paradigm(
        quality="padding",
        direction=1,
        praise="spacious roomy breathable",
        nouns=(
            "padding distance margin margins space whitespace spacing room air breathingroom "
            "breathingspace buffer clearance gap"
        ),
    ),
    _Paradigm(
        quality="padding",
        direction=-1,
        faults="cramped squashed squeezed suffocating claustrophobic squished suffocated",
        adjectives="tight",
        verbs="tighten",
    ),
    _Paradigm(quality="size", direction=1, adjectives="big large huge", verbs="enlarge"),
    _Paradigm(quality="size", direction=-1, adjectives="small tiny", verbs="shrink"),
)

# quality -> the nouns beside the word, first that fits -> the quality and direction it means there.
# A direction of -1 turns the word round: soft edges are edges that are not sharp.
RESOLVED_BY: Final[dict[str, tuple[tuple[str, str, int], ...]]] = {
    "soft": (
        ("corner", "roundness", 1),
        ("edge", "sharpness", -1),
        ("contrast", "contrast", -1),
        ("", "saturation", -1),
    ),
    "hard": (
        ("corner", "roundness", -1),
        ("edge", "sharpness", 1),
        ("contrast", "contrast", 1),
        ("", "saturation", 1),
    ),
    "sharp": (
        ("corner", "roundness", -1),
        ("contrast", "contrast", 1),
        ("", "sharpness", 1),
    ),
    "clean": (("edge", "smoothness", 1), ("line", "smoothness", 1), ("", "simplicity", 1)),
    "bold": (
        ("contrast", "contrast", 1),
        ("colour", "saturation", 1),
        ("", "weight", 1),
    ),
    "strong": (
        ("colour", "saturation", 1),
        ("line", "weight", 1),
        ("text", "weight", 1),
        ("", "contrast", 1),
    ),
    "weak": (
        ("line", "weight", -1),
        ("text", "weight", -1),
        ("contrast", "contrast", -1),
        ("colour", "saturation", -1),
        ("", "", 0),
    ),
    "fine": (("line", "weight", -1), ("text", "weight", -1), ("", "", 0)),
    "weight": (
        ("contrast", "contrast", 1),
        ("line", "weight", 1),
        ("colour", "saturation", 1),
        ("", "weight", 1),
    ),
    "smoothness": (("corner", "roundness", 1), ("", "smoothness", 1)),
    "sharpness": (("contrast", "contrast", 1), ("", "sharpness", 1)),
    "simplicity": (("colour", "colours", 1), ("", "simplicity", 1)),
    "lightness": (("heft", "weight", -1), ("contrast", "contrast", -1), ("", "lightness", 1)),
}
NOUN_KINDS: Final = {
    **dict.fromkeys(words("corner corners"), "corner"),
    **dict.fromkeys(words("edge edges edging outline outlines contour contours"), "edge"),
    **dict.fromkeys(
        words(
            "line lines stroke strokes linework lineart lineweight contour outline outlines "
            "hairlines"
        ),
        "line",
    ),
    **dict.fromkeys(words("contrast contrasts"), "contrast"),
    **dict.fromkeys(
        words(
            "color colors colour colours palette hue hues tint tints tone tones shade shades "
            "coloring colouring colorway colourway"
        ),
        "colour",
    ),
    **dict.fromkeys(words("weight weights boldtext strokeweight"), "heft"),
}


def _senses() -> dict[str, Sense]:
    senses: dict[str, Sense] = {}

    def note(forms: frozenset[str], paradigm: _Paradigm, form: Form, *, praise: bool) -> None:
        for word in forms:
            senses.setdefault(
                word,
                Sense(
                    quality=paradigm.quality,
                    direction=paradigm.direction,
                    form=form,
                    is_praise=praise,
                ),
            )

    # Words that are written out come before words that are only derived.
    for paradigm in _PARADIGMS:
        note(words(paradigm.adjectives), paradigm, "plain", praise=False)
        note(words(paradigm.praise), paradigm, "plain", praise=True)
        note(words(paradigm.faults), paradigm, "fault", praise=False)
        note(words(paradigm.nouns), paradigm, "noun", praise=False)
        note(words(paradigm.explicit), paradigm, "explicit", praise=False)
    for paradigm in _PARADIGMS:
        # "Thins" is more often a slip for the adjective than the verb.
        adjectives = (paradigm.adjectives + " " + paradigm.praise).split()
        slips = frozenset(adjective + "s" for adjective in adjectives)
        note(all_verb_forms(paradigm.verbs) - slips, paradigm, "explicit", praise=False)
        note(slips - NOUN_KINDS.keys(), paradigm, "plain", praise=False)
        for adjective in adjectives:
            note(comparatives(adjective), paradigm, "explicit", praise=False)
            note(shades(adjective), paradigm, "plain", praise=False)
            note(qualities(adjective), paradigm, "noun", praise=False)
        for fault in paradigm.faults.split():
            note(comparatives(fault) | shades(fault), paradigm, "fault", praise=False)
            note(qualities(fault), paradigm, "noun", praise=False)
    return senses


SENSES: Final = _senses()
