"""Makes a PNG of nothing but a picture's pixels. Runs in a studio's child process."""

from typing import Final

from services.refinement.engines import Provenance, Refinement
from services.refinement.pictures import (
    PictureLimits,
    decode,
    describe_png,
    encode_png,
    inspect,
)

NAME: Final = "cleaning"
VERSION: Final = "1"


def clean(original: bytes, limits: PictureLimits) -> Refinement:
    """Decode a picture and encode it anew; the same pixels give the same bytes.

    Raises:
        PictureRefused: the bytes break a rule, which `code` names.
    """
    facts = inspect(original, limits)
    image = decode(original, limits)
    body = encode_png(image)
    return Refinement(
        body=body,
        picture=describe_png(body, image),
        original=facts,
        plan={"applied": [], "skipped": [], "unmatched": []},
        engine=Provenance(name=NAME, version=VERSION),
    )
