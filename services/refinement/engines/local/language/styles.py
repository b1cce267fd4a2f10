"""Styles by name: what "modern" or "elegant" comes to, as several operations.

A style is what we make of a word that names no quality. Its operations say so with their source,
and each of them yields to what is to be kept. Nothing is the opposite of a style.
"""

from typing import Final

from services.refinement.engines.local.language.morphology import words
from services.refinement.engines.local.operations import (
    Contrast,
    Flatten,
    Lightness,
    Operation,
    Roundness,
    Saturation,
    Simplify,
    Warmth,
    Weight,
)

RECIPES: Final[dict[str, tuple[Operation, ...]]] = {
    "modern": (Flatten(), Simplify(amount=1.0)),
    "elegant": (Saturation(amount=-0.5), Weight(amount=-0.5)),
    "luxurious": (Lightness(amount=-0.5), Saturation(amount=-0.5), Contrast(amount=0.5)),
    "playful": (Saturation(amount=1.0), Roundness(amount=1.0)),
    "friendly": (Warmth(amount=0.5), Roundness(amount=1.0)),
    "professional": (Saturation(amount=-0.5), Simplify(amount=0.5)),
    "dynamic": (Saturation(amount=0.5), Contrast(amount=0.5)),
    "pop": (Saturation(amount=1.0), Contrast(amount=1.0)),
}

_NAMES: Final = {
    "modern": "modern contemporary futuristic trendy techy tech hip slick modernise modernize "
    "modernised modernized trendier moderner scandinavian nordic hightech current",
    "elegant": "elegant classy sophisticated refined chic graceful stylish classier timeless "
    "elegance elegantly sophistication tasteful feminine",
    "luxurious": "luxurious premium luxury posh deluxe expensive lux luxe exclusive royal fancy",
    "playful": "playful fun funny childlike whimsical funky quirky youthful playfulness "
    "young younger fancier cute cuter bouncy",
    "friendly": "friendly approachable welcoming homely friendlier homey kind-hearted",
    "professional": "professional serious businesslike formal trustworthy reliable grown-up mature "
    "professionally conservative",
    "dynamic": "dynamic energetic energised energized sporty",
}
# Styles that are only complained about, and what such a logo is wished to be instead.
FAULTS: Final[dict[str, str]] = {
    **dict.fromkeys(words("dated outdated oldfashioned stale antiquated oldish"), "modern"),
    **dict.fromkeys(
        words("amateurish amateur childish silly goofy cartoonlike kiddie homemade cheap"),
        "professional",
    ),
}

STYLES: Final[dict[str, str]] = {
    word: style for style, names in _NAMES.items() for word in names.split()
} | FAULTS
