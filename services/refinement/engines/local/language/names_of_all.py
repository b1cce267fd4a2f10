"""Nouns that mean the whole logo, or how it seems: what is said of them is said of everything."""

from typing import Final

from services.refinement.engines.local.language.morphology import all_plurals, words

# Nouns the lexicon has no operation for, and that still mean the whole logo, or how it seems.
_NAMES: Final = all_plurals(
    "logo image picture design mark vector lighting mood atmosphere output exposure curve "
    "ambience ambiance appearance render rendering thumbnail preview printout scan artboard visual "
    "composition branding version file look thing feel vibe aesthetic aesthetics finish theme "
    "approach "
    "tonality statement treatment variant variation edition iteration alternative scheme direction "
    "identity creation piece item graphic presence expression personality spirit tonality energy "
    "quality impression rendition product proposal result setting background accent highlight "
    "midtone mid dark light contrast artwork whole lot export sketch layout style attempt base "
    "combo combination mix blend pairing gamut spectrum hue hex code print ink pigment "
    "pigmentation filter overlay balance value temperature exposure gamma pixel canvas backdrop "
    "surface makeover overhaul refresh facelift touchup screen monitor display printer transition "
    "touch shape form contour silhouette "
    "geometry figure element component section region area portion spot zone corner edge line "
    "stroke detail bit part aspect feature letterform glyph typeface font word brand"
) | words("everything overall linework lineart lineweight")
# "The dog looks ..." is the verb.
OF_ALL: Final = _NAMES - words("looks feels")
