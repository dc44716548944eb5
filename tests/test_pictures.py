"""Pictures. In: pictures of all kinds, and what only looks like one. Out: plain JPEGs that say nothing else."""

from __future__ import annotations

import contextlib
import io
import struct
import zlib

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from service import pictures
from service.database import db
from service.models import Picture
from service.validation import Invalid
from tests.conftest import SHARED


def drawn(form: str = "PNG", size: tuple[int, int] = (1600, 900), mode: str = "RGB", **options: object) -> bytes:
    out = io.BytesIO()
    image = Image.linear_gradient("L").resize(size)
    image = Image.new(mode, size, 9000) if mode == "I;16" else image.convert(mode)
    image.save(out, form, **options)
    return out.getvalue()


def opened(body: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(body))
    image.load()
    return image


@pytest.mark.parametrize(
    ("form", "mode"),
    [
        ("PNG", "RGB"),
        ("PNG", "L"),
        ("PNG", "1"),
        ("PNG", "P"),
        ("PNG", "I;16"),
        ("JPEG", "RGB"),
        ("JPEG", "CMYK"),
        ("WEBP", "RGB"),
        ("GIF", "P"),
    ],
)
def test_every_kind_becomes_a_jpeg_of_at_most_1200_pixels(form: str, mode: str) -> None:
    body, width, height = pictures.encode(drawn(form, mode=mode))
    image = opened(body)
    assert (image.format, image.mode, image.size, width, height) == ("JPEG", "RGB", (1200, 675), 1200, 675)


def test_a_small_picture_is_not_blown_up() -> None:
    assert pictures.encode(drawn(size=(320, 180)))[1:] == (320, 180)


def test_transparent_pixels_lie_on_white_paper() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (40, 40), (0, 0, 0, 0)).save(out, "PNG")
    red, green, blue = opened(pictures.encode(out.getvalue())[0]).getpixel((20, 20))  # type: ignore[misc]
    assert min(red, green, blue) > 250


def test_a_picture_on_its_side_is_put_upright_and_its_exif_dropped() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    exif[0x010F] = "A camera with a name"
    exif.get_ifd(0x8825)[2] = (46.0, 3.0, 0.0)  # where it was taken
    data = drawn("JPEG", size=(400, 200), exif=exif, comment=b"by Noor")
    assert b"A camera with a name" in data
    body, width, height = pictures.encode(data)
    assert (width, height) == (200, 400)
    assert not opened(body).getexif()
    for word in (b"camera", b"Exif", b"Noor"):
        assert word not in body


def test_colours_of_another_profile_are_brought_to_srgb_and_a_broken_profile_is_ignored() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for icc in (profile, b"no profile at all"):
        body, _, _ = pictures.encode(drawn("JPEG", size=(64, 64), icc_profile=icc))
        assert "icc_profile" not in opened(body).info


def bomb(width: int, height: int) -> bytes:
    """Return a PNG of some hundred bytes that claims to unfold to width × height."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [7_200, 10_000, 60_000])
def test_a_decompression_bomb_is_refused_before_it_unfolds(side: int) -> None:
    with pytest.raises(Invalid, match="more than 50 million pixels"):
        pictures.encode(bomb(side, side))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no picture that we can read"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no picture that we can read"),
        (b"%PDF-1.7", "no picture that we can read"),
        (drawn()[:3000], "damaged"),
        (b"x" * (20 * 1024 * 1024 + 1), "larger than 20 MB"),
    ],
)
def test_what_is_no_picture_says_so(data: bytes, words: str) -> None:
    with pytest.raises(Invalid, match=words) as refusal:
        pictures.encode(data)
    assert set(refusal.value.errors) == {"picture"}


@given(st.binary(max_size=200), st.integers(0, 400), st.integers(0, 255))
def test_no_damage_raises_anything_else(tail: bytes, place: int, value: int) -> None:
    data = bytearray(drawn(size=(40, 40)) + tail)
    data[place % len(data)] = value
    with contextlib.suppress(Invalid):
        pictures.encode(bytes(data))


def test_the_same_picture_is_kept_once_and_served_for_ever(client: FlaskClient) -> None:
    name = pictures.store(drawn())
    assert pictures.store(drawn()) == name
    db.session.commit()
    assert db.session.query(Picture).count() == 1
    answer = client.get(f"/pictures/{name}.jpg")
    assert (answer.status_code, answer.mimetype, answer.headers["Cache-Control"]) == (
        200,
        "image/jpeg",
        "public, max-age=31536000, immutable",
    )
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert opened(answer.data).size == (1200, 675)
    again = client.get(f"/pictures/{name}.jpg", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_an_unknown_picture_is_a_404(client: FlaskClient) -> None:
    assert client.get(f"/pictures/{'0' * 64}.jpg").status_code == 404
    assert client.get("/pictures/..%2fsecret.jpg").status_code == 404


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/a.png",
        "http://[::1]/",
        "http://169.254.169.254/latest/",
        "file:///etc/passwd",
        "http://2130706433/",
    ],
)
def test_a_picture_is_never_fetched_from_a_private_place(url: str) -> None:
    with pytest.raises(Invalid, match="public places only"):
        pictures.fetched(url)


@pytest.mark.shared
def test_twelve_real_pictures_are_taken_in() -> None:
    files = sorted((SHARED / "images").iterdir())
    sizes = [pictures.encode(file.read_bytes()) for file in files]
    assert len(files) == 12
    assert all(max(width, height) <= 1200 for _, width, height in sizes)
    assert sum(len(body) for body, _, _ in sizes) < sum(file.stat().st_size for file in files)
