"""The words of the grammar besides qualities and colours, as tables: no logic lives here."""

from typing import Final

from services.refinement.engines.local.language.morphology import all_plurals, all_verb_forms, words
from services.refinement.engines.local.operations import LookName

# Which way. `too` and `lacking` also stand for the phrases that mean them.
MORE: Final = all_verb_forms(
    "increase raise boost add enhance bump crank pump amplify max maximise maximize emphasize "
    "emphasise augment elevate strengthen up"
) | words("more higher extra additional stronger greater high maximum heavier")
LESS: Final = all_verb_forms(
    "reduce decrease lower lessen cut minimise minimize limit diminish ease dial lighten downplay "
    "shrink curb trim drop tame weaken relax temper dampen"
) - words(
    "drop drops dropped dropping trim trims trimmed trimming lighten lightens "
    "lightened lightening dial dials dialed dialing shrink shrinks shrinked shrinking "
    "cut cuts cutted cutting"
) | words("less fewer low cut cutting smaller lesser")
REMOVE: Final = all_verb_forms(
    "remove ditch kill lose drop eliminate strip nix delete erase scrap omit discard hate dislike "
    "axe bin chuck dump banish clear wipe exclude toss junk eradicate nuke zap purge abolish "
    "subtract detest loathe cancel ban veto reject"
) | words("lost rid without no gone zero unnecessary unneeded none")
NEGATED: Final = words(
    "not never avoid avoiding neither nor isnot without stop prevent unless hardly nobody"
) | all_verb_forms("refuse forbid prohibit oppose cease doubt regret quit fear")
ADDING: Final = all_verb_forms(
    "add put give include insert introduce apply place draw bring throw slap stick whack pop "
    "incorporate have attach create drop"
) | words("with needs need want wants some more extra giving putting")
ONLY: Final = words("only just exclusively strictly solely purely nothingelse merely")
TURNING: Final = all_verb_forms("tone turn bring dial take pull scale crank bump pump knock move")
COMPLAINING: Final = words(
    "is are was were looks look looking feel feels feeling seem seems appear appears "
    "comes be being find found isnot gets got became becoming its"
)
WISHING: Final = words(
    "should must make making needs need want wants wanted please could would can let "
    "give made prefer try go going lets wish hoping hope ensure gimme get recommend "
    "suggest shall"
)
JUDGING: Final = words(
    "bad ugly awful terrible horrible wrong off annoying distracting unpleasant "
    "unprofessional weird strange hideous problem issue disturbing bothers bother "
    "disturbs irritating poor sucks nasty worst disgusting cheap hate cheesy "
    "unattractive unappealing"
)
PRAISING: Final = words(
    "love like nice great good beautiful perfect happy lovely pretty awesome amazing "
    "fine liked loved likes loves fantastic excellent cool glad wonderful enjoy"
)
KEEPING: Final = all_verb_forms(
    "keep preserve retain maintain leave protect conserve ignore"
) | words("kept stay stays staying remain remains remaining donttouch asis alone untouched hold")
SWAPPING: Final = all_verb_forms(
    "replace swap change turn convert switch make exchange substitute recolor recolour transform "
    "trade paint dye shift render become go repaint redo"
) | words("becomes became done from color colour tint")
VERBS: Final = (
    SWAPPING
    | TURNING
    | all_verb_forms("use try keep add put give set need want like apply fill move")
    | words("please should must could would can lets using use")
)
USING: Final = words(
    "towards toward shift closer use using in with to into make made be try go want "
    "need as like please should have give prefer of color colored colour coloured "
    "paint dye all entirely completely for maybe set apply choose pick select do fill "
    "tint change switch from using uses or let bring add more some put turn becomes "
    "needs main primary accent accents version recolor recolour"
)
LACKING: Final = words("lacks lack lacking missing miss misses lacked insufficient insufficiently")
LOW: Final = words("low weak poor faint insufficiently")
HIGH: Final = words("high strong intense heavy")

# Which part.
TEXTS: Final = all_plurals(
    "text letter lettering wordmark name font typography typeface tagline slogan word title "
    "writing caption subtitle type heading headline strapline character lettermark logotype "
    "initial script monogram subline txt"
)
BACKGROUNDS: Final = words(
    "background backgrounds backdrop backdrops bg backing canvas ground whitebox"
)
FOREGROUNDS: Final = all_plurals(
    "icon symbol emblem graphic illustration drawing foreground mascot subject figure pictogram "
    "motif artwork glyph crest"
) | words("mark")
PARTS: Final = words(
    "parts part areas area bits elements sections pieces section regions region bit "
    "thing things stuff element shape shapes zones segments portions portion ones one spots"
)
COLOUR_NOUNS: Final = words(
    "color colors colour colours palette hues hue tones tints shades colouring "
    "coloring tone tint shade coloration colouration"
)
SCOPING: Final = words("the its all any these those that this every both")
NOT_TOUCHED_BY_TEXT: Final = words("weight color colour size")

# How much.
SLIGHT: Final = words(
    "slightly subtly somewhat mildly gently bit touch tad notch hair marginally "
    "smidge moderately modestly subtle faintly kinda sorta faint lightly softly teeny "
    "fractionally thin light soft fine small tiny delicate gentle discreet little "
    "mild barely minor fraction"
)
STRONG: Final = words(
    "much very far significantly really super extremely strongly drastically "
    "dramatically way heavily totally considerably substantially ultra hugely "
    "massively insanely majorly radically seriously vastly incredibly completely "
    "thick heavy big strong bold chunky extra greatly deeply intensely ridiculously "
    "terribly awfully insane crazy noticeably markedly wildly mega hella wide huge "
    "large loads lots tons double maximum even"
)
# Words that only count right before what they weaken or strengthen, being adjectives elsewhere.
BESIDE_ONLY: Final = words(
    "thin light soft fine small tiny delicate gentle discreet thick heavy big strong "
    "bold chunky very far really super way extra completely totally even wide huge "
    "large double subtle crazy seriously faint mild bit hair fraction step maximum "
    "insane barely minor"
)
NUMBERS: Final = {str(number): number for number in range(1, 13)} | {
    "one": 1,
    "single": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "couple": 2,
    "seven": 7,
    "eight": 8,
    "ten": 10,
}

LOOKS: Final[dict[str, LookName]] = {
    **dict.fromkeys(words("blackandwhite bw bnw blackwhite"), "black_and_white"),
    **dict.fromkeys(words("grayscale greyscale colorless colourless"), "grayscale"),
    **dict.fromkeys(words("pastel pastels pastelly pastelish pastely"), "pastel"),
    **dict.fromkeys(words("sepia"), "sepia"),
    **dict.fromkeys(
        words("vintage retro antique aged nostalgic distressed weathered worn"), "vintage"
    ),
    **dict.fromkeys(words("invert inverted inverse negative inverting inversion"), "invert"),
    **dict.fromkeys(words("neon fluorescent fluo fluorescents neons"), "neon"),
    **dict.fromkeys(words("earthy organic earthier natural rustic"), "earthy"),
}

# What a user may ask to keep -> the aspect of the plan.
ASPECTS: Final = {
    **dict.fromkeys(COLOUR_NOUNS - words("shade shades"), "colors"),
    **dict.fromkeys(
        words(
            "layout composition arrangement position positions placement alignment "
            "positioning structure orientation"
        ),
        "layout",
    ),
    **dict.fromkeys(words("style look feel character aesthetic vibe styling"), "style"),
    **dict.fromkeys(
        words(
            "shape shapes silhouette outline form forms outlines contours geometry design "
            "silhouettes"
        ),
        "shapes",
    ),
    **dict.fromkeys(FOREGROUNDS, "symbols"),
    **dict.fromkeys(
        words("proportion proportions size sizes dimensions ratio scale aspect"), "proportions"
    ),
    **dict.fromkeys(TEXTS, "text"),
    **dict.fromkeys(BACKGROUNDS - words("paper ground"), "background"),
}

# Things that are drawn or undrawn.
SHADOWS: Final = words("shadow shadows dropshadow shadowing depth dimension")
GRADIENTS: Final = words(
    "gradient gradients shading bevel bevels gloss glossy glow glows emboss embossing "
    "embossed glossiness highlight highlights reflection reflections shine shiny "
    "beveled bevelled gradiant sheen blends glowing fades effects"
)
OUTLINES: Final = all_verb_forms("outline") | words(
    "outlines contour contours stroke keyline halo contoured strokes"
)
BORDERS: Final = words("border borders frame frames bordered framed framing edging surround")
EDGES_EMPTY: Final = words(
    "margin margins whitespace space edges edge padding border borders gap sides "
    "breathingroom room blank area"
)

CANVAS_VERBS: Final = {
    **dict.fromkeys(all_verb_forms("crop trim") | words("cropping"), "crop"),
    **dict.fromkeys(
        all_verb_forms("centre center recenter recentre centralise centralize")
        | words("middle centered centred central"),
        "centre",
    ),
    **dict.fromkeys(words("square squared squarish sq"), "square"),
    **dict.fromkeys(
        all_verb_forms("rotate tilt spin twist")
        | words("rotation upsidedown quarterturn degrees deg degree"),
        "rotate",
    ),
    **dict.fromkeys(all_verb_forms("flip mirror") | words("mirrored reflect"), "flip"),
    **dict.fromkeys(
        all_verb_forms("upscale upsize")
        | words("resolution 4k 8k hd uhd upres hires upsample lowres highres"),
        "upscale",
    ),
}

DRAWN_ANEW: Final = "this needs an engine that draws the logo anew, with an image model"
LETTERS_ANEW: Final = (
    "letters cannot be set anew here: this needs an engine that draws the logo anew, "
    "with an image model"
)
PARTS_MOVED: Final = (
    "parts cannot be moved or sized on their own here: this needs an engine that draws the logo "
    "anew, with an image model"
)
THINGS_ADDED: Final = (
    "nothing new can be drawn into the logo here: this needs an engine with an image model"
)
THINGS_REMOVED: Final = (
    "single things cannot be taken out here: this needs an engine that draws the logo anew, with "
    "an image model"
)
NOT_UNDONE: Final = "what was done before cannot be undone: start from the picture before it"
NO_INK_NUMBERS: Final = "colours of printers' systems are not known here: give them as #rrggbb"
NO_MOVEMENT: Final = "a picture that moves needs an engine that makes films"

UNSUPPORTED: Final = {
    **dict.fromkeys(
        words(
            "newfont serif serifs script handwritten italic italics cursive calligraphy "
            "helvetica calligraphic capitals caps kerning kern kerned arial futura monospace "
            "slanted underline "
            "underlined rename renamed renaming spelling misspelled typo misspelt "
            "translate tracking ligature"
        ),
        LETTERS_ANEW,
    ),
    **dict.fromkeys(
        words(
            "3d realistic handdrawn drawn sketch sketchy watercolor watercolour "
            "photorealistic cartoon cartoonish cartoony photorealism painting painterly "
            "doodle clipart anime comic origami pixelart lowpoly claymation mosaic graffiti "
            "embroidery embroidered illustrated sculpted metallic metal wooden woodcut chrome "
            "foil marble pixar lego cubist cubism artdeco baroque gothic restyled redraw "
            "redesign redesigned redrawn rebrand mockup perspective crayon brushed stencil "
            "grunge glitter holographic chalk linocut stained impressionist corporate "
            "abstract geometric"
        ),
        DRAWN_ANEW,
    ),
    **dict.fromkeys(
        words(
            "move moved rearrange rearranged stack stacked reposition swapsides beneath "
            "stretch stretched squeeze wider taller narrower align aligned layout overlap "
            "overlapping resize resized reorder straighten relocate composition"
        ),
        PARTS_MOVED,
    ),
    **dict.fromkeys(
        words("animate animated animation gif video moving spinning rotating blinking loop"),
        NO_MOVEMENT,
    ),
    **dict.fromkeys(words("undo undone revert reverted"), NOT_UNDONE),
    **dict.fromkeys(words("pantone pms ral"), NO_INK_NUMBERS),
}
