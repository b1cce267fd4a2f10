"""Pictures that lie, explode or carry stowaways, made by script, each with what it must come to."""

import gzip
import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import msgspec
from PIL import Image, ImageCms, ImageDraw, PngImagePlugin

STOWAWAYS: Final = (b"PK\x03\x04", b"<script", b"secret", b"GPS", b"Exif", b"%PDF")
CORNER: Final = (200, 40, 30)
_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_HEADER_END: Final = 33
_SCAN: Final = b"\xff\xda"
_BOMB_BYTES: Final = 20_000_000
_ORIENTATION: Final = 0x0112
_GPS: Final = 0x8825


class OddPicture(msgspec.Struct, frozen=True, kw_only=True):
    """A picture, and the code with which refining it fails; None where it is a good one.

    `inspected` is the code for a look at its header only, where that differs.
    """

    name: str
    make: Callable[[], bytes]
    code: str | None = None
    inspected: str | None = None


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """A picture file."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def logo(mode: str = "RGB", size: tuple[int, int] = (96, 64)) -> Image.Image:
    """A picture whose top left quarter is red and whose rest is not."""
    image = Image.new("RGB", size, (40, 90, 160))
    ImageDraw.Draw(image).rectangle((0, 0, size[0] // 2 - 1, size[1] // 2 - 1), fill=CORNER)
    return image.convert(mode)


def chunk(kind: bytes, body: bytes, *, length: int | None = None, checksum: int = 0) -> bytes:
    """A chunk of a PNG file, true unless asked to lie."""
    true = zlib.crc32(kind + body)
    declared = len(body) if length is None else length
    return struct.pack(">I", declared) + kind + body + struct.pack(">I", true ^ checksum)


def _png(width: int, height: int, *, rows: bytes, depth: int = 8, colour: int = 6) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")
    return _SIGNATURE + body


def _with_chunk(extra: bytes, body: bytes | None = None) -> bytes:
    plain = body or encoded(logo())
    return plain[:_HEADER_END] + extra + plain[_HEADER_END:]


def _before_end(extra: bytes) -> bytes:
    plain = encoded(logo())
    return plain[:-12] + extra + plain[-12:]


def _text_bomb() -> bytes:
    return chunk(b"zTXt", b"comment\0\0" + zlib.compress(bytes(_BOMB_BYTES), 9))


def _international_bomb() -> bytes:
    body = b"comment\0\1\0en\0comment\0" + zlib.compress(bytes(_BOMB_BYTES), 9)
    return chunk(b"iTXt", body)


def _profile_bomb() -> bytes:
    return chunk(b"iCCP", b"profile\0\0" + zlib.compress(bytes(_BOMB_BYTES), 9))


def _many_texts() -> bytes:
    text = zlib.compress(bytes(60_000), 9)
    return b"".join(chunk(b"zTXt", b"c%d\0\0" % number + text) for number in range(50))


def _jpeg_sized(width: int, height: int) -> bytes:
    """A JPEG whose header declares another size than its content has."""
    body = bytearray(encoded(logo(), "JPEG"))
    place = body.index(b"\xff\xc0")
    body[place + 5 : place + 9] = struct.pack(">HH", height, width)
    return bytes(body)


def _jpeg_marked(marker: bytes) -> bytes:
    return encoded(logo(), "JPEG").replace(b"\xff\xc0", marker, 1)


def _scan_bomb(scans: int, side: int) -> bytes:
    body = encoded(Image.new("L", (side, side), 90), "JPEG", progressive=True)
    head, last = body[: body.rindex(_SCAN)], body[body.rindex(_SCAN) : -2]
    return head + last * (scans - head.count(_SCAN)) + b"\xff\xd9"


def _webp_canvas(width: int, height: int) -> bytes:
    canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"VP8X" + struct.pack("<I", 10) + bytes(4) + canvas
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def _webp_lying_length() -> bytes:
    body = encoded(logo(), "WEBP")
    return body[:4] + struct.pack("<I", 2**32 - 2) + body[8:]


def _animated(kind: str) -> bytes:
    return encoded(logo(), kind, save_all=True, append_images=[Image.new("RGB", (96, 64))])


def _archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("Applet.class", b"secret")
    return buffer.getvalue()


def _cut(kind: str, share: float) -> bytes:
    image = Image.frombytes("RGB", (200, 200), random.Random(5).randbytes(120_000))  # noqa: S311 - the same noise each time
    body = encoded(image, kind)
    return body[: int(len(body) * share)]


def _altered(body: bytes, place: int, value: int) -> bytes:
    return body[:place] + bytes([value]) + body[place + 1 :]


def _with_false_checksum() -> bytes:
    body = encoded(logo())
    place = len(body) - 14
    return _altered(body, place, body[place] ^ 1)


def _largest(kind: str, **options: Any) -> bytes:
    """As many pixels as may be, with everything that costs memory on the way."""
    exif = Image.Exif()
    exif[_ORIENTATION] = 6
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = Image.new("RGBA", (5000, 5000), (*CORNER, 99))
    return encoded(image, kind, exif=exif, icc_profile=profile, **options)


def _header_with(place: int, value: int) -> bytes:
    """A PNG with one byte of its header changed, and a checksum to match."""
    plain = encoded(logo())
    head = _altered(plain[16:29], place, value)
    return _SIGNATURE + chunk(b"IHDR", head) + plain[_HEADER_END:]


def oriented(orientation: int, kind: str = "JPEG") -> bytes:
    """A picture on its side, that says so and where it was taken; upright it is `logo`."""
    undone = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    image = logo()
    if orientation in undone:
        image = image.transpose(undone[orientation])
    exif = Image.Exif()
    exif[_ORIENTATION] = orientation
    exif[0x010E] = "secret"
    exif.get_ifd(_GPS)[1] = "N"
    return encoded(image, kind, exif=exif, quality=95)


def _texts() -> PngImagePlugin.PngInfo:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Author", "secret")
    texts.add_itxt("XML:com.adobe.xmp", "<script>secret</script>")
    return texts


def _transparent_palette() -> bytes:
    image = logo("P")
    return encoded(image, transparency=image.getpixel((90, 60)))


_SVG: Final = (
    b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    b'<svg xmlns="http://www.w3.org/2000/svg"><text>&x;</text></svg>'
)
_HTML: Final = b"<!doctype html><script>secret</script>"
_ICO_HEAD: Final = b"\0\0\1\0\1\0"


def _fixed(name: str, body: bytes) -> OddPicture:
    code = "image_unsupported"
    return OddPicture(name=name, make=lambda: body, code=code, inspected=code)


def _sized(name: str, make: Callable[[], bytes]) -> OddPicture:
    return OddPicture(name=name, make=make, code="image_dimensions", inspected="image_dimensions")


def _broken(name: str, make: Callable[[], bytes]) -> OddPicture:
    """A picture that cannot be opened at all."""
    return OddPicture(name=name, make=make, code="image_undecodable", inspected="image_undecodable")


def _rotten(name: str, make: Callable[[], bytes]) -> OddPicture:
    """A picture with a good header and nothing good behind it."""
    return OddPicture(name=name, make=make, code="image_undecodable")


def _good(name: str, make: Callable[[], bytes]) -> OddPicture:
    return OddPicture(name=name, make=make)


UNSUPPORTED: Final = (
    _fixed("nothing", b""),
    _fixed("one byte", b"\x89"),
    _fixed("half a signature", _SIGNATURE[:5]),
    _fixed("random bytes", random.Random(1).randbytes(5000)),  # noqa: S311 - the same noise each time
    _fixed("zeros", bytes(5000)),
    _fixed("SVG", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
    _fixed("SVG with an external entity", _SVG),
    _fixed("SVG, gzipped", gzip.compress(_SVG, mtime=0)),
    _fixed("HTML", _HTML),
    _fixed("EPS", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\n"),
    _fixed("EPS with a binary head", b"\xc5\xd0\xd3\xc6" + bytes(40)),
    _fixed("PDF", b"%PDF-1.7\n"),
    _fixed("GIF", encoded(logo("P"), "GIF")),
    _fixed("GIF that is an archive", encoded(logo("P"), "GIF") + _archive()),
    _fixed("BMP", encoded(logo(), "BMP")),
    _fixed("TIFF", encoded(logo(), "TIFF")),
    _fixed("ICO with a PNG inside", _ICO_HEAD + encoded(logo())),
    _fixed("archive", _archive()),
    _fixed("sound with a WebP's container", b"RIFF\x24\0\0\0WAVEfmt "),
    _fixed("AVIF", b"\0\0\0\x1cftypavif" + bytes(40)),
    _fixed("PNG behind a space", b" " + encoded(logo())),
    _fixed("Photoshop", b"8BPS\0\1" + bytes(40)),
)

DIMENSIONS: Final = (
    _sized("PNG of 3.6 gigapixels", lambda: _png(60_000, 60_000, rows=bytes(100))),
    _sized("PNG of the largest sides", lambda: _png(2**31 - 1, 2**31 - 1, rows=b"")),
    _sized(
        "PNG of 64 megapixels, all there",
        lambda: _png(8000, 8000, rows=bytes(64_008_000), colour=0),
    ),
    _sized("PNG one pixel high", lambda: encoded(Image.new("RGB", (4000, 1)))),
    _sized("PNG one pixel wide", lambda: encoded(Image.new("RGB", (1, 4000)))),
    _sized("PNG like a ribbon", lambda: encoded(Image.new("RGB", (20, 420)))),
    _sized("PNG like a dot", lambda: encoded(Image.new("RGB", (15, 15)))),
    _sized("JPEG of the largest sides", lambda: _jpeg_sized(65_500, 65_500)),
    _sized("JPEG wider than may be", lambda: _jpeg_sized(8193, 3000)),
    _sized("WebP of the largest canvas", lambda: _webp_canvas(16_383, 16_383)),
    _sized("WebP beyond the largest canvas", lambda: _webp_canvas(2**24, 2**24)),
)

BROKEN: Final = (
    _broken("PNG with a side nought", lambda: _png(0, 64, rows=b"")),
    _broken("WebP whose container lies", _webp_lying_length),
    _broken("PNG signature alone", lambda: _SIGNATURE),
    _broken("PNG cut in its header", lambda: encoded(logo())[:24]),
    _broken("PNG with a false header checksum", lambda: _altered(encoded(logo()), 30, 1)),
    _broken("PNG of an impossible depth", lambda: _header_with(8, 3)),
    _broken("PNG of an impossible colour type", lambda: _header_with(9, 5)),
    _broken("PNG with a text bomb", lambda: _with_chunk(_text_bomb())),
    _broken("PNG with an international text bomb", lambda: _with_chunk(_international_bomb())),
    _broken("PNG with a profile bomb", lambda: _with_chunk(_profile_bomb())),
    _broken("PNG with many texts", lambda: _with_chunk(_many_texts())),
    _broken("PNG with a chunk of 2 GB", lambda: _with_chunk(chunk(b"tEXt", b"a", length=2**31))),
    _broken("JPEG magic and words", lambda: b"\xff\xd8\xff\xe0 not a picture"),
    _broken("JPEG without a frame", lambda: b"\xff\xd8\xff\xd9"),
    _broken("JPEG with 400 scans", lambda: _scan_bomb(400, 5000)),
    _broken("JPEG of nothing but scans", lambda: b"\xff\xd8\xff" + _SCAN * 10_000),
    _broken("WebP magic and words", lambda: b"RIFF\x10\0\0\0WEBPVP8 nothing"),
    _broken("WebP with a canvas and nothing on it", lambda: _webp_canvas(64, 64)),
    _rotten("PNG cut after its header", lambda: encoded(logo())[:50]),
    _rotten("PNG cut in the middle", lambda: _cut("PNG", 0.5)),
    _rotten("PNG cut before its end", lambda: _cut("PNG", 0.98)),
    _rotten("PNG with less than it declares", lambda: _png(4000, 4000, rows=bytes(5000))),
    _rotten("PNG with a text bomb behind its pixels", lambda: _before_end(_text_bomb())),
    _rotten("JPEG cut in the middle", lambda: _cut("JPEG", 0.5)),
    _rotten("JPEG cut before its end", lambda: _cut("JPEG", 0.98)),
    _broken("WebP cut in the middle", lambda: _cut("WEBP", 0.5)),
    _broken("WebP cut before its end", lambda: _cut("WEBP", 0.98)),
    _rotten("JPEG that says it is lossless", lambda: _jpeg_marked(b"\xff\xc3")),
)

OTHERS: Final = (
    OddPicture(
        name="PNG that moves",
        make=lambda: _animated("PNG"),
        code="image_animated",
        inspected="image_animated",
    ),
    OddPicture(
        name="WebP that moves",
        make=lambda: _animated("WEBP"),
        code="image_animated",
        inspected="image_animated",
    ),
    OddPicture(
        name="PNG with 20 MiB behind it",
        make=lambda: encoded(logo()) + bytes(20 * 1024 * 1024),
        code="image_too_large",
        inspected="image_too_large",
    ),
)

GOOD: Final = (
    *(_good(f"JPEG of orientation {turn}", partial(oriented, turn)) for turn in range(1, 9)),
    _good("PNG of orientation 6", lambda: oriented(6, "PNG")),
    _good("WebP of orientation 8", lambda: oriented(8, "WEBP")),
    _good("PNG with an archive behind it", lambda: encoded(logo()) + _archive()),
    _good("PNG with HTML behind it", lambda: encoded(logo()) + _HTML),
    _good("PNG with HTML in its text", lambda: encoded(logo(), pnginfo=_texts())),
    _good("JPEG with HTML in its comment", lambda: encoded(logo(), "JPEG", comment=_HTML)),
    _good("JPEG with a PDF behind it", lambda: encoded(logo(), "JPEG") + b"%PDF-1.7\nsecret"),
    _good("PNG in 16-bit grey", lambda: encoded(Image.linear_gradient("L").convert("I;16"))),
    _good("PNG in grey with alpha", lambda: encoded(logo("LA"))),
    # Pillow does not look at this checksum; the compressed pixels have one of their own.
    _good("PNG with a false checksum of its pixels", _with_false_checksum),
    # libjpeg takes what is not there for grey, as browsers do.
    _good("JPEG with less than it declares", lambda: _jpeg_sized(5000, 5000)),
    _good("PNG with transparent palette", _transparent_palette),
    _good("PNG with a broken profile", lambda: encoded(logo(), icc_profile=b"secret")),
    _good("JPEG with a broken profile", lambda: encoded(logo(), "JPEG", icc_profile=bytes(500))),
    _good("JPEG in CMYK", lambda: encoded(logo("CMYK"), "JPEG")),
    _good("JPEG in grey", lambda: encoded(logo("L"), "JPEG")),
    _good(
        "PNG with a profile of another space",
        lambda: encoded(
            logo(), icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
        ),
    ),
    _good("PNG of 25 megapixels", lambda: _png(5000, 5000, rows=bytes(25_005_000), colour=0)),
    _good(
        "WebP of 25 megapixels",
        lambda: encoded(Image.new("RGB", (5000, 5000), CORNER), "WEBP", method=0),
    ),
    _good("PNG of 25 megapixels with alpha", lambda: _largest("PNG", compress_level=1)),
    _good("WebP of 25 megapixels with alpha", lambda: _largest("WEBP", lossless=True, method=0)),
    _good(
        "PNG of 25 megapixels in 16 bits",
        lambda: _png(5000, 5000, rows=bytes(5000 * 30_001), depth=16, colour=2),
    ),
    _good(
        "PNG of 25 megapixels in 16-bit grey",
        lambda: _png(5000, 5000, rows=bytes(5000 * 10_001), depth=16, colour=0),
    ),
    _good(
        "JPEG of 25 megapixels in CMYK",
        lambda: encoded(Image.new("CMYK", (5000, 5000), (9, 99, 0, 9)), "JPEG"),
    ),
    _good("JPEG with 64 scans of 25 megapixels", lambda: _scan_bomb(64, 5000)),
)

PICTURES: Final = (*UNSUPPORTED, *DIMENSIONS, *BROKEN, *OTHERS, *GOOD)
