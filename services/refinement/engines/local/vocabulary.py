"""The words the local engine understands, as tables: no logic lives here."""

from typing import Final

from services.refinement.engines.local.operations import LookName


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Phrases that mean one thing are read as one word, longest first.
PHRASES: Final = {
    ("black", "and", "white"): "blackandwhite",
    ("black", "&", "white"): "blackandwhite",
    ("shades", "of", "gray"): "grayscale",
    ("shades", "of", "grey"): "grayscale",
    ("gray", "scale"): "grayscale",
    ("grey", "scale"): "grayscale",
    ("drop", "shadow"): "shadow",
    ("drop", "shadows"): "shadow",
    ("get", "rid", "of"): "remove",
    ("do", "away", "with"): "remove",
    ("free", "of"): "without",
    ("instead", "of"): "insteadof",
    ("rather", "than"): "insteadof",
    ("in", "place", "of"): "insteadof",
    ("washed", "out"): "washedout",
    ("no", "more"): "no",
    ("not", "much"): "lacking",
    ("too", "little"): "lacking",
    ("too", "few"): "lacking",
    ("too", "much"): "too",
    ("too", "many"): "too",
    ("so", "much"): "too",
    ("so", "many"): "too",
    ("a", "bit"): "slightly",
    ("a", "little"): "slightly",
    ("a", "touch"): "slightly",
    ("a", "tad"): "slightly",
    ("a", "lot"): "much",
    ("do", "not"): "not",
    ("does", "not"): "not",
    ("is", "not"): "isnot",
    ("are", "not"): "isnot",
    ("color", "scheme"): "colors",
    ("colour", "scheme"): "colors",
    ("color", "palette"): "colors",
    ("colour", "palette"): "colors",
    ("on", "brand"): "onbrand",
    ("brand", "colors"): "onbrand",
    ("brand", "colours"): "onbrand",
    ("match", "the", "theme"): "onbrand",
    ("fit", "the", "theme"): "onbrand",
    ("two", "tone"): "twotone",
    ("single", "color"): "onetone",
    ("single", "colour"): "onetone",
    ("one", "color"): "onetone",
    ("one", "colour"): "onetone",
    ("off", "white"): "offwhite",
    ("sky", "blue"): "skyblue",
    ("dark", "red"): "darkred",
    ("dark", "green"): "darkgreen",
    ("dark", "blue"): "darkblue",
    ("dark", "purple"): "darkpurple",
    ("dark", "gray"): "darkgray",
    ("dark", "grey"): "darkgray",
    ("light", "green"): "lightgreen",
    ("light", "blue"): "lightblue",
    ("light", "purple"): "lightpurple",
    ("light", "pink"): "lightpink",
    ("light", "gray"): "lightgray",
    ("light", "grey"): "lightgray",
    ("navy", "blue"): "navy",
    ("baby", "blue"): "babyblue",
    ("royal", "blue"): "royalblue",
    ("forest", "green"): "forestgreen",
    ("olive", "green"): "olive",
    ("mint", "green"): "mint",
    ("lime", "green"): "lime",
    ("burnt", "orange"): "burntorange",
    ("rose", "gold"): "rosegold",
    ("hot", "pink"): "hotpink",
    ("coffee", "brown"): "coffeebrown",
    ("chocolate", "brown"): "chocolate",
}
# The way back, for what people are shown: the first phrase of a word is its usual one.
SPOKEN: Final = {
    word: " ".join(phrase)
    for phrase, word in reversed(PHRASES.items())
    if word.replace(" ", "") == "".join(phrase) or word.startswith(("dark", "light"))
}
PHRASE_WORDS_MAX: Final = 3

# word -> (attribute, direction, form). A verb or a comparative says its own direction; a plain word
# is turned by what stands around it; a fault is something that nobody wishes for; a noun needs a
# direction.
ATTRIBUTES: Final = {
    **dict.fromkeys(("lighter", "brighter", "paler"), ("lightness", 1, "explicit")),
    **dict.fromkeys(("lighten", "brighten", "lightened"), ("lightness", 1, "explicit")),
    **dict.fromkeys(("light", "bright", "pale", "airy"), ("lightness", 1, "plain")),
    **dict.fromkeys(("brightness", "lightness"), ("lightness", 1, "noun")),
    **dict.fromkeys(("darker", "deeper", "darken", "deepen", "dim"), ("lightness", -1, "explicit")),
    **dict.fromkeys(("dark", "deep"), ("lightness", -1, "plain")),
    **dict.fromkeys(("gloomy", "murky"), ("lightness", -1, "fault")),
    **dict.fromkeys(("darkness",), ("lightness", -1, "noun")),
    **dict.fromkeys(("saturate", "brisker", "livelier"), ("saturation", 1, "explicit")),
    **dict.fromkeys(
        ("saturated", "vibrant", "vivid", "colorful", "colourful", "intense", "neon", "lively"),
        ("saturation", 1, "plain"),
    ),
    **dict.fromkeys(("saturation", "vibrancy", "vibrance", "intensity"), ("saturation", 1, "noun")),
    **dict.fromkeys(("garish", "gaudy", "loud", "harsh", "lurid"), ("saturation", 1, "fault")),
    **dict.fromkeys(
        ("desaturate", "desaturated", "mute", "duller", "softer"), ("saturation", -1, "explicit")
    ),
    **dict.fromkeys(("muted", "subdued", "faded", "soft"), ("saturation", -1, "plain")),
    **dict.fromkeys(
        ("dull", "drab", "bland", "washedout", "lifeless", "muddy"), ("saturation", -1, "fault")
    ),
    **dict.fromkeys(("warmer", "cozier", "cosier"), ("warmth", 1, "explicit")),
    **dict.fromkeys(("warm", "cozy", "cosy", "earthy", "natural"), ("warmth", 1, "plain")),
    **dict.fromkeys(("warmth",), ("warmth", 1, "noun")),
    **dict.fromkeys(("cooler", "colder"), ("warmth", -1, "explicit")),
    **dict.fromkeys(("cool", "cold", "chilly", "icy"), ("warmth", -1, "plain")),
    **dict.fromkeys(("contrast", "contrasts"), ("contrast", 1, "noun")),
    **dict.fromkeys(("punchier", "bolder"), ("contrast", 1, "explicit")),
    **dict.fromkeys(("contrasty", "punchy", "bold"), ("contrast", 1, "plain")),
    **dict.fromkeys(
        (
            *("simplify", "simpler", "declutter", "streamline", "cleaner", "sleeker"),
            *("simplified", "reduced"),
        ),
        ("simplicity", 1, "explicit"),
    ),
    **dict.fromkeys(
        (
            *("minimalist", "minimal", "minimalistic", "minimalism", "simple", "simplistic"),
            *("clean", "sleek", "modern", "uncluttered", "streamlined"),
        ),
        ("simplicity", 1, "plain"),
    ),
    **dict.fromkeys(("simplicity",), ("simplicity", 1, "noun")),
    **dict.fromkeys(
        ("busy", "cluttered", "complicated", "fussy", "fiddly"), ("simplicity", -1, "fault")
    ),
    **dict.fromkeys(("detailed", "complex", "intricate", "ornate"), ("simplicity", -1, "plain")),
    **dict.fromkeys(
        ("detail", "details", "clutter", "complexity", "ornaments", "texture", "textures"),
        ("simplicity", -1, "noun"),
    ),
    **dict.fromkeys(("flatten", "flatter"), ("flatness", 1, "explicit")),
    **dict.fromkeys(("flat",), ("flatness", 1, "plain")),
    **dict.fromkeys(("gradient", "gradients", "shading"), ("flatness", -1, "noun")),
    **dict.fromkeys(("shadow", "shadows"), ("shadowlessness", -1, "noun")),
    **dict.fromkeys(("shadowless",), ("shadowlessness", 1, "plain")),
}

LOOKS: Final[dict[str, LookName]] = {
    "blackandwhite": "black_and_white",
    "bw": "black_and_white",
    "grayscale": "grayscale",
    "greyscale": "grayscale",
    "monochrome": "grayscale",
    "colorless": "grayscale",
    "colourless": "grayscale",
    "pastel": "pastel",
    "pastels": "pastel",
    "sepia": "sepia",
    "vintage": "sepia",
    "retro": "sepia",
    "invert": "invert",
    "inverted": "invert",
    "negative": "invert",
}

MORE: Final = _words(
    "more increase raise boost add enhance bump strengthen intensify crank pump higher high "
    "stronger extra additional amplify"
)
LESS: Final = _words(
    "less reduce decrease lower lessen fewer low cut minimize minimise limit weaker dial tone "
    "diminish soften ease reducing lowering decreasing"
)
REMOVE: Final = _words(
    "remove ditch kill lose drop eliminate strip nix delete erase scrap omit discard hate "
    "dislike losing removing dropping without"
)
# Besides every word that ends in "n't".
NEGATED: Final = _words(
    "not no never avoid dont isnot isnt arent doesnt shouldnt cant wont neither"
)
TURNING: Final = _words("tone turn bring dial take pull scale crank bump pump")
COMPLAINING: Final = _words(
    "is are looks look feels feel seems seem appears isnot isn't aren't it's they're"
)
WISHING: Final = _words("should must make needs need want please could would can let give made")
KEEPING: Final = _words("keep keeping preserve preserving retain maintain leave leaving")
CHANGING: Final = _words("change changing touch touching alter modify affect")
SWAPPING: Final = _words("replace swap change turn convert switch make")
LOW: Final = _words("low weak poor faint")
HIGH: Final = _words("high strong")
LACKING: Final = _words("lacks lack lacking missing")
SCOPING: Final = _words("the its all any these those that this every")
PARTS: Final = _words("parts part areas area bits elements sections pieces")
BACKGROUNDS: Final = _words("background backdrop bg")
COLOUR_NOUNS: Final = _words("color colors colour colours palette hues hue tones tints shades")
OPENING: Final = _words("without")
SPLITTING: Final = _words("and but then also plus while & with or yet")

AMOUNTS: Final = {
    **dict.fromkeys(_words("slightly subtly somewhat mildly gently little bit"), 0.5),
    **dict.fromkeys(_words("much very far significantly really super extremely"), 1.7),
    **dict.fromkeys(_words("strongly drastically dramatically way heavily totally"), 1.7),
}

NUMBERS: Final = {str(number): number for number in range(2, 13)} | {
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
}

# What a user may ask to keep -> the aspect of the request's `preserve_aspects`.
ASPECTS: Final = {
    **dict.fromkeys(_words("color colors colour colours palette hues tones"), "colors"),
    **dict.fromkeys(_words("layout composition arrangement position positions"), "layout"),
    **dict.fromkeys(_words("style look"), "style"),
    **dict.fromkeys(_words("shape shapes silhouette outline form forms"), "shapes"),
    **dict.fromkeys(_words("icon icons symbol symbols emblem beans bean"), "symbols"),
    **dict.fromkeys(_words("proportion proportions size sizes"), "proportions"),
    **dict.fromkeys(_words("text letters wordmark name font typography lettering"), "text"),
}

UNSUPPORTED: Final = {
    **dict.fromkeys(
        _words("font fonts typeface typography lettering text letters wordmark tagline word words"),
        "letters cannot be changed on their own by this engine",
    ),
    **dict.fromkeys(
        _words("bigger larger smaller rotate flip crop center move resize rearrange padding"),
        "the layout cannot be changed by this engine",
    ),
    **dict.fromkeys(
        _words("3d realistic handdrawn drawn sketch watercolor photorealistic cartoon mascot"),
        "restyling needs an engine that draws anew",
    ),
    **dict.fromkeys(
        _words("transparent outline border frame glow thicker thinner rounder sharper"),
        "this engine does not do that yet",
    ),
}

# Words that carry no wish of their own, and words that a typo must not turn into another.
PLAIN_WORDS: Final = _words(
    "a an the it its of to in on for from into by as at so be been i we you they he she my our "
    "your their this that these those there here some any all each every bit use using make "
    "making made have has had get give keep logo image picture design icon mark graphic concept "
    "version please just only really overall whole entire thing things look looks feel feels "
    "style bring turn take dial tone down up back off out over more less most least not no and "
    "but or then also plus while with without too very much way want need would could should "
    "like can let will shall me us them him her which what when where who why how is are was "
    "were do does did if than white write blank while place brand lines logos letter letters "
    "range plane might sight stand small still great green grain grown crown drown"
)
