"""Pictures made anew: a rendering to look at, a thumbnail to find it by, and no word of where.

Nothing but pixels goes over: what a phone writes beside them (place, device, owner) stays behind.

Decoders are written in C, and some broken pictures crash them. So a picture is decoded in a process
of its own: where that dies, the picture is refused as damaged, and nothing else comes to harm.
"""

import os
import re
import subprocess
import sys
import warnings
from dataclasses import dataclass
from io import BytesIO
from typing import IO, TYPE_CHECKING

from chalicelib.formats.refusals import RefusedContentError

if TYPE_CHECKING:
    from PIL.Image import Image

PIXEL_LIMIT = 100_000_000  # what a picture may decode to; beyond it is a bomb
EDGE_LIMIT = 0xFFFF  # pixels of an edge, as of JPEG: each row takes memory of its own
SCANS_LIMIT = 100  # passes over all of a JPEG; ten are usual, and a bomb has hundred thousands
MARKER = re.compile(rb"\xff+([\x02-\xcf\xd8-\xfe])")  # of JPEG, but those that stand within a scan
JPEGS = {"JPEG", "MPO"}  # the second has more pictures behind the first
SCAN, END = b"\xda", b"\xd9"
RENDERING_EDGE = 2048  # pixels of the longer edge
THUMBNAIL_EDGE = 320
QUALITY = 85
PATIENCE = 120  # seconds that a picture may take
LENGTH = 4  # bytes in which the length of the rendering is handed over
REFUSED = 3  # the exit code of the process where it hands over the code of a refusal
# Named, so that no other decoder is ever tried on what people send.
DECODERS = ("JPEG", "PNG", "WEBP", "HEIF")

BLENDED = {
    "P": "RGBA",
    "1": "L",
}  # pixels of the left kind cannot be blended, those of the right can


@dataclass(frozen=True, slots=True)
class Renderings:
    """A picture made anew in two sizes, both JPEG."""

    rendering: bytes
    thumbnail: bytes


def render(file: IO[bytes]) -> Renderings:
    """Make a picture anew, upright, on white. Raises RefusedContentError.

    `file` is one on disk, at its beginning. Of a picture that moves, the first frame counts.
    """
    try:
        run = subprocess.run(  # noqa: S603 (this very file)
            [sys.executable, "-m", __spec__.name],
            stdin=file,
            capture_output=True,
            check=False,
            timeout=PATIENCE,
            env={"PYTHONPATH": os.pathsep.join(sys.path)},
        )
    except subprocess.TimeoutExpired:
        raise RefusedContentError("damaged") from None
    if run.returncode:
        refused = run.returncode == REFUSED
        raise RefusedContentError(run.stdout.decode("ascii") if refused else "damaged")
    end = LENGTH + int.from_bytes(run.stdout[:LENGTH])
    return Renderings(run.stdout[LENGTH:end], run.stdout[end:])


def main() -> int:
    """Make the picture anew that comes in, and hand over what it becomes, or why it does not."""
    out = sys.stdout.buffer
    try:
        made = _made_anew(sys.stdin.buffer)
    except RefusedContentError as refusal:
        out.write(refusal.code.encode("ascii"))
        return REFUSED
    out.write(len(made.rendering).to_bytes(LENGTH) + made.rendering + made.thumbnail)
    return 0


def _made_anew(file: IO[bytes]) -> Renderings:
    # Loaded by those who render alone: the API never does.
    import pi_heif  # type: ignore[import-untyped]  # noqa: PLC0415
    from PIL import Image  # noqa: PLC0415

    pi_heif.register_heif_opener()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns below its own limit; ours is exact
            with Image.open(file, formats=DECODERS) as opened:
                _require_size(opened)
                if opened.format in JPEGS:
                    _require_few_scans(file)
                rendering = _plain(opened)
    except RefusedContentError:
        raise
    except Image.DecompressionBombError:
        raise RefusedContentError("too-many-pixels") from None
    except Exception:  # noqa: BLE001 (decoders raise anything at all over what is broken)
        raise RefusedContentError("damaged") from None
    thumbnail = rendering.copy()
    thumbnail.thumbnail((THUMBNAIL_EDGE, THUMBNAIL_EDGE))
    return Renderings(_jpeg(rendering), _jpeg(thumbnail))


def _require_size(opened: "Image") -> None:
    if opened.width * opened.height > PIXEL_LIMIT or max(opened.size) > EDGE_LIMIT:
        raise RefusedContentError("too-many-pixels")


def _require_few_scans(file: IO[bytes]) -> None:
    """Refuse a JPEG that is gone over again and again, as its decoder would do for hours."""
    file.seek(0)
    content, at, scans = file.read(), 2, 0
    while (marker := MARKER.search(content, at)) and marker[1] != END:
        scans += marker[1] == SCAN
        if scans > SCANS_LIMIT:
            raise RefusedContentError("damaged")
        at = marker.end()
        at += int.from_bytes(content[at : at + 2], "big")


def _plain(opened: "Image") -> "Image":
    """Return upright sRGB pixels of the size of a rendering, and nothing beside them."""
    from PIL import Image, ImageOps  # noqa: PLC0415

    profile = opened.info.get("icc_profile")
    # Made smaller first (a JPEG while it is decoded), so that everything after works on little.
    picture = opened.convert(BLENDED[opened.mode]) if opened.mode in BLENDED else opened
    picture.thumbnail((RENDERING_EDGE, RENDERING_EDGE))
    upright = ImageOps.exif_transpose(picture)
    if upright.has_transparency_data:
        upright = upright.convert("RGBA")
        white = Image.new("RGBA", upright.size, "white")
        white.alpha_composite(upright)
        upright = white.convert("RGB")
    coloured = _in_srgb(upright, profile)
    # A new picture takes over nothing but pixels.
    fresh = Image.new("RGB", coloured.size)
    fresh.paste(coloured)
    return fresh


def _in_srgb(picture: "Image", profile: bytes | None) -> "Image":
    """Bring the colours of a picture with a profile to what every screen takes them for."""
    from PIL import ImageCms  # noqa: PLC0415

    if profile:
        try:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            converted = ImageCms.profileToProfile(
                picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
        except (ImageCms.PyCMSError, OSError, ValueError):
            converted = None  # a profile that is broken, or for other colours, says nothing
        if converted is not None:
            return converted
    if picture.mode.startswith("I;16"):
        picture = picture.point(lambda value: value / 256).convert("L")
    return picture.convert("RGB")


def _jpeg(picture: "Image") -> bytes:
    written = BytesIO()
    picture.save(written, "JPEG", quality=QUALITY, optimize=True)
    return written.getvalue()


if __name__ == "__main__":
    sys.exit(main())
