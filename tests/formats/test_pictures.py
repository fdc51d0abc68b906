"""Pictures made anew: upright, small, on white, and silent about where they were taken."""

import random
import struct
import zlib
from functools import cache
from io import BytesIO
from tempfile import TemporaryFile

import pillow_heif  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from chalicelib.formats.pictures import Renderings, render
from chalicelib.formats.refusals import RefusedContentError
from cli.evidence import SAMPLES
from cli.sample_pictures import GPS, ORIENTATION, PLACE, TURNED

PICTURES = [kind for kind in SAMPLES if kind.startswith("image/")]
RED, BLUE, WHITE = (220, 30, 30), (30, 30, 220), (255, 255, 255)


@cache
def sample(media_type: str) -> bytes:
    return SAMPLES[media_type].make()


def anew(data: bytes) -> Renderings:
    with TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        return render(file)


def opened(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data))


def refusal(data: bytes) -> str:
    with pytest.raises(RefusedContentError) as caught:
        anew(data)
    return caught.value.code


def written(picture: Image.Image, form: str, **options: object) -> bytes:
    target = BytesIO()
    picture.save(target, form, **options)
    return target.getvalue()


def flag() -> Image.Image:
    """Draw a picture with red above and blue below."""
    picture = Image.new("RGB", (60, 40), RED)
    picture.paste(BLUE, (0, 20, 60, 40))
    return picture


def near(picture: Image.Image, at: tuple[int, int], colour: tuple[int, ...]) -> bool:
    found = picture.convert("RGB").getpixel(at)
    assert isinstance(found, tuple)
    return all(abs(one - other) < 24 for one, other in zip(found, colour, strict=True))


@pytest.mark.parametrize("media_type", PICTURES)
def test_a_picture_is_made_anew_in_two_sizes(media_type: str) -> None:
    made = anew(sample(media_type))
    rendering, thumbnail = opened(made.rendering), opened(made.thumbnail)
    assert (rendering.format, rendering.mode, rendering.size) == ("JPEG", "RGB", (1600, 1200))
    assert (thumbnail.format, thumbnail.mode, thumbnail.size) == ("JPEG", "RGB", (320, 240))
    assert near(rendering, (1180, 300), (0xB8, 0xD8, 0xEE))  # the sky, where it belongs
    assert near(thumbnail, (236, 60), (0xB8, 0xD8, 0xEE))
    assert anew(sample(media_type)) == made


def test_the_sample_says_where_it_was_taken_and_what_is_made_of_it_does_not() -> None:
    exif = opened(sample("image/jpeg")).getexif()
    assert exif[ORIENTATION] == TURNED
    assert exif.get_ifd(GPS)[1] == PLACE[1]
    made = anew(sample("image/jpeg"))
    for data in (made.rendering, made.thumbnail):
        assert not opened(data).getexif()
        assert opened(data).info.keys() <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        assert b"Exif" not in data
        assert b"Demo phone" not in data


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_nothing_that_stands_beside_the_pixels_goes_over(form: str) -> None:
    exif = Image.Exif()
    exif[GPS] = PLACE
    secret = b"secret place"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = written(flag(), form, exif=exif, xmp=secret, comment=secret, icc_profile=profile)
    assert {"exif", "icc_profile"} <= opened(data).info.keys()
    made = anew(data)
    for each in (made.rendering, made.thumbnail):
        assert not any(mark in each for mark in (secret, b"Exif", b"ICC_PROFILE", b"xap"))


@pytest.mark.parametrize(
    ("orientation", "size", "red"),
    [
        (1, (60, 40), (30, 5)),
        (2, (60, 40), (30, 5)),
        (3, (60, 40), (30, 35)),
        (4, (60, 40), (30, 35)),
        (5, (40, 60), (5, 30)),
        (6, (40, 60), (35, 30)),
        (7, (40, 60), (35, 30)),
        (8, (40, 60), (5, 30)),
    ],
)
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_a_picture_is_turned_as_it_says(
    form: str, orientation: int, size: tuple[int, int], red: tuple[int, int]
) -> None:
    pillow_heif.register_heif_opener()
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    made = opened(anew(written(flag(), form, exif=exif.tobytes())).rendering)
    assert made.size == size
    assert near(made, red, RED)


def test_a_large_picture_is_made_smaller_and_a_small_one_not_larger() -> None:
    wide = anew(written(Image.new("RGB", (6000, 1500), RED), "JPEG"))
    assert opened(wide.rendering).size == (2048, 512)
    assert opened(wide.thumbnail).size == (320, 80)
    small = anew(written(Image.new("RGB", (1, 1), RED), "PNG"))
    assert opened(small.rendering).size == opened(small.thumbnail).size == (1, 1)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK"])
def test_pictures_of_any_kind_are_rendered(mode: str) -> None:
    form = "JPEG" if mode == "CMYK" else "PNG"
    bright = Image.new("L", (3000, 10), 255)
    deep = Image.new("I;16", bright.size, 65535)
    picture = deep if mode == "I;16" else bright.convert(mode)
    made = opened(anew(written(picture, form)).rendering)
    assert made.width == 2048
    assert near(made, (1000, 3), WHITE)


@pytest.mark.parametrize("form", ["PNG", "WEBP", "HEIF"])
def test_what_is_transparent_is_white(form: str) -> None:
    pillow_heif.register_heif_opener()
    picture = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    picture.paste((*RED, 255), (0, 0, 64, 32))
    made = opened(anew(written(picture, form)).rendering)
    assert near(made, (32, 10), RED)
    assert near(made, (32, 54), WHITE)


def test_a_palette_may_be_transparent() -> None:
    picture = Image.new("P", (64, 64), 0)
    picture.putpalette([0, 0, 0, *RED])
    picture.paste(1, (0, 0, 64, 32))
    made = opened(anew(written(picture, "PNG", transparency=0)).rendering)
    assert near(made, (32, 10), RED)
    assert near(made, (32, 54), WHITE)


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_of_a_picture_that_moves_the_first_frame_counts(form: str) -> None:
    frames = [Image.new("RGB", (32, 32), colour) for colour in (RED, BLUE)]
    data = written(frames[0], form, save_all=True, append_images=frames[1:], duration=100)
    assert near(opened(anew(data).rendering), (16, 16), RED)


def test_colours_of_another_profile_are_brought_over() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()  # not for RGB
    for broken in (profile, b"no profile"):
        made = opened(anew(written(flag(), "PNG", icc_profile=broken)).rendering)
        assert near(made, (30, 5), RED)


def test_bombs_are_refused_before_they_are_decoded() -> None:
    edges = ((65_536, 1), (1, 100_000_000))
    for width, height in ((10_001, 10_000), (50_000, 50_000), (2**31 - 1, 2**31 - 1), *edges):
        header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
        data = b"\x89PNG\r\n\x1a\n\0\0\0\r" + header + struct.pack(">I", zlib.crc32(header))
        assert refusal(data + b"\0\0\0\0IDAT\x35\xaf\x06\x1e") == "too-many-pixels"


@pytest.mark.parametrize("form", ["JPEG", "MPO"])
def test_a_picture_in_more_passes_than_anybody_needs_is_refused(form: str) -> None:
    data = written(flag(), form, progressive=True)
    end = data.index(b"\xff\xd9")
    last = data.rindex(b"\xff\xda", 0, end)
    scan = data[last:end]
    for more, taken in ((50, True), (200, False)):
        passes = data[:last] + scan * more + data[last:]
        if taken:
            assert near(opened(anew(passes).rendering), (30, 5), RED)
        else:
            assert refusal(passes) == "damaged"
    anew(data + scan * 200)  # behind its end, nobody goes over it


@pytest.mark.parametrize("media_type", PICTURES)
def test_what_is_damaged_is_refused(media_type: str) -> None:
    data = sample(media_type)
    for keep in (0, 10, 100, len(data) // 2):
        assert refusal(data[:keep]) == "damaged"


def test_no_other_decoder_is_tried() -> None:
    for form in ("GIF", "BMP", "TIFF", "PPM", "EPS", "ICO"):
        assert refusal(written(flag(), form)) == "damaged"


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32), media_type=st.sampled_from(PICTURES))
def test_a_spoiled_picture_is_rendered_or_refused_and_nothing_else(
    seed: int, media_type: str
) -> None:
    try:
        made = anew(spoiled(seed, media_type))
    except RefusedContentError as error:
        assert error.code in {"damaged", "too-many-pixels"}  # noqa: PT017 (either is right)
        return
    assert opened(made.rendering).format == "JPEG"


def test_a_picture_that_crashes_its_decoder_is_refused_and_nothing_else() -> None:
    """Show that a decoder can die over a picture: this one's did, of a segmentation fault."""
    assert refusal(spoiled(145, "image/heic")) == "damaged"


def spoiled(seed: int, media_type: str) -> bytes:
    """Change some bytes of a picture, by chance."""
    chance = random.Random(seed)  # noqa: S311 (no secret)
    content = bytearray(small(media_type))
    for _ in range(chance.randint(1, 8)):
        content[chance.randrange(len(content))] = chance.randrange(256)
    return bytes(content)


@cache
def small(media_type: str) -> bytes:
    pillow_heif.register_heif_opener()
    form = {"image/heic": "HEIF"}.get(media_type, media_type.partition("/")[2].upper())
    exif = Image.Exif()
    exif[ORIENTATION], exif[GPS] = TURNED, PLACE
    return written(flag(), form, exif=exif.tobytes())
