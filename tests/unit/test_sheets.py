"""The contact sheets: small enough to be kept, the same on every run, and true in their colours."""

from io import BytesIO

from PIL import Image

from services.cli.plans import RecordedPlan
from tests.logos import as_png
from tests.sheets.page import BYTES_MAX, PICTURE_SIDE, Entry, lay_out

PLAN = RecordedPlan(
    applied=({"operation": "lightness", "phrase": "lighter", "amount": 1.0},),
    unmatched=("blorptastic",),
)
ENTRIES = [
    Entry(prompt="lighter", before=as_png("leaf", 96), after=as_png("fox", 128), plan=PLAN),
    Entry(prompt="change the font", before=as_png("coffee", 96), refusal="not understood"),
]


def test_a_sheet_is_small_and_always_the_same() -> None:
    """It is a file of the repository, drawn anew now and then."""
    sheet = lay_out(ENTRIES)

    assert len(sheet) <= BYTES_MAX
    assert lay_out(ENTRIES) == sheet


def test_large_flat_areas_keep_their_colour_exactly() -> None:
    """A white that became grey would be taken for the engine's fault."""
    sheet = Image.open(BytesIO(lay_out(ENTRIES))).convert("RGB")

    counts = {colour: count for count, colour in sheet.getcolors(sheet.width * sheet.height) or ()}

    assert counts[255, 255, 255] > PICTURE_SIDE**2 / 4
