"""Pictures. In: bytes from anywhere. Out: a plain JPEG under its content hash, without whatever else came with it."""

from __future__ import annotations

import hashlib
import io
import warnings

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError
from ssrfguard import Policy

from service import fetch
from service.bulk import insert_or_ignore
from service.database import db
from service.models import Picture
from service.validation import N_, Invalid, Words

WIDEST = 1200
"""Pixels of the longer side: twice a mail's 600, for sharp screens."""
LARGEST = 20 * 1024 * 1024
"""Bytes taken in."""
MOST_PIXELS = 50_000_000
"""Pixels unpacked: about 150 MB of memory for a moment."""
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
Encoded = tuple[bytes, int, int]
"""JPEG bytes, width and height in pixels."""
_PAPER = (255, 255, 255)
"""What transparent pixels lie on: mails show a picture on their light surface."""


def store(data: bytes) -> str:
    """Keep a picture and return its hash; the same picture is kept once. Does not commit.

    It is decoded and encoded again: at most WIDEST pixels a side, upright, in sRGB, without EXIF or any other words
    of its maker's machine. Raises Invalid (field "picture") for what is no picture, or too large a one.
    """
    return keep(encode(data))


def keep(encoded: Encoded) -> str:
    """Keep what `encode` returned and return its hash. Does not commit."""
    body, width, height = encoded
    name = hashlib.sha256(body).hexdigest()
    row = {"hash": name, "mime": "image/jpeg", "width": width, "height": height, "body": body}
    db.session.execute(insert_or_ignore(Picture).values(**row))
    return name


def fetched(url: str, policy: Policy = fetch.PUBLIC, seconds: float = 15) -> Encoded:
    """Return a picture from a public address, encoded. Raises Invalid. Touches no database."""
    try:
        found = fetch.fetch(url, LARGEST, seconds, "image/*", policy)
    except fetch.NotFetched as refusal:
        raise Invalid({"picture": refusal.words}) from refusal
    return encode(found.body)


def encode(data: bytes) -> Encoded:
    """Return (JPEG bytes, width, height) of a picture as `store` keeps it. Raises Invalid. Touches no database."""
    if len(data) > LARGEST:
        raise _refusal(N_("The picture is larger than %(most)d MB."), most=LARGEST // 1024 // 1024)
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            return _encoded(data)
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as bomb:
            raise _too_many_pixels() from bomb
        except UnidentifiedImageError as unknown:
            raise _refusal(N_("This is no picture that we can read; use JPEG, PNG, WebP or GIF.")) from unknown
        except (OSError, SyntaxError, ValueError, MemoryError, EOFError) as damage:
            raise _refusal(N_("The picture is damaged; save it once more.")) from damage


def _encoded(data: bytes) -> Encoded:
    with Image.open(io.BytesIO(data), formats=_FORMATS) as opened:
        if opened.width * opened.height > MOST_PIXELS:
            raise _too_many_pixels()
        opened.draft("RGB", (WIDEST * 2, WIDEST * 2))  # a large JPEG is unpacked at a fraction
        opened.seek(0)  # of an animation, its first picture
        icc = opened.info.get("icc_profile")
        upright = ImageOps.exif_transpose(opened)
        image = _in_colours(upright, icc)
    image.thumbnail((WIDEST, WIDEST), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=82, optimize=True, progressive=True)
    return out.getvalue(), image.width, image.height


def _in_colours(image: Image.Image, icc: bytes | None) -> Image.Image:
    """Return the image in sRGB on paper, with nothing attached."""
    if image.mode.startswith(("I", "F")):  # 16 bits of grey: keep the upper eight
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    see_through = "A" in image.getbands() or "transparency" in image.info
    if icc and image.mode in ("RGB", "CMYK", "L"):
        try:
            profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
            converted = ImageCms.profileToProfile(image, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
            image = converted or image
        except (ImageCms.PyCMSError, OSError):
            pass  # a profile that cannot be read is no reason to lose the picture
    if see_through:
        image = image.convert("RGBA")
    plain = Image.new("RGB", image.size, _PAPER)
    plain.paste(image.convert("RGB"), mask=image.getchannel("A") if see_through else None)
    return plain


def _too_many_pixels() -> Invalid:
    return _refusal(N_("The picture has more than %(most)d million pixels."), most=MOST_PIXELS // 1_000_000)


def _refusal(message: str, **values: object) -> Invalid:
    return Invalid({"picture": Words(message, values)})
