"""A picture that could be a photo from a placement, drawn: a bed, a hoist with its sling, a window.

Nobody is in it. The JPEG says where it was taken and is turned by a note, as those of phones are.
"""

from io import BytesIO

import pillow_heif  # type: ignore[import-untyped]
from PIL import Image, ImageDraw

SIZE = (1600, 1200)
PLACE = {1: "N", 2: (51.0, 30.0, 26.0), 3: "W", 4: (0.0, 7.0, 39.0)}  # degrees, minutes, seconds
ORIENTATION, GPS, MAKER, MODEL = 0x0112, 0x8825, 0x010F, 0x0110
TURNED = 6  # stored lying on its side: a viewer turns it to the right by a quarter
SKY, WALL, FLOOR, STEEL, SHEET = "#b8d8ee", "#efe7d8", "#b99a72", "#7d8a94", "#f7f9fb"


def scene() -> Image.Image:
    """Draw the room."""
    picture = Image.new("RGB", SIZE, WALL)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 880, 1600, 1200), FLOOR)
    draw.rectangle((0, 862, 1600, 882), "#fffaf0")
    draw.rectangle((1080, 140, 1480, 520), SKY, "#ffffff", 18)
    draw.line((1280, 140, 1280, 520), "#ffffff", 12)
    draw.ellipse((1340, 190, 1410, 260), "#ffe9a8")
    # The bed: frame, mattress, blanket, pillow, wheels.
    draw.rectangle((620, 560, 660, 1000), STEEL)
    draw.rectangle((1430, 660, 1466, 1000), STEEL)
    draw.rectangle((640, 850, 1450, 890), STEEL)
    draw.rounded_rectangle((650, 740, 1440, 860), 30, SHEET)
    draw.rounded_rectangle((900, 715, 1440, 850), 34, "#5b8fb0")
    draw.rounded_rectangle((672, 690, 850, 775), 34, "#ffffff", "#d5dde3", 4)
    for x in (640, 1448):
        draw.ellipse((x - 26, 990, x + 26, 1042), "#3d454b")
    # The hoist: base, mast, boom, spreader bar, sling.
    draw.rounded_rectangle((120, 1030, 560, 1062), 14, "#4a6fa5")
    for x in (150, 530):
        draw.ellipse((x - 24, 1052, x + 24, 1100), "#3d454b")
    draw.polygon(((190, 1030), (240, 1030), (270, 300), (232, 300)), "#4a6fa5")
    draw.line((250, 320, 540, 250), "#4a6fa5", 34)
    draw.line((540, 250, 540, 350), STEEL, 10)
    draw.rounded_rectangle((440, 345, 640, 370), 12, STEEL)
    draw.line((452, 370, 470, 520), "#2f5d50", 12)
    draw.line((628, 370, 610, 520), "#2f5d50", 12)
    draw.chord((440, 380, 640, 680), 0, 180, "#3f7f6d")
    return picture


def jpeg() -> bytes:
    """Take it with a phone: with the place, the device, and turned by a note."""
    exif = Image.Exif()
    exif[ORIENTATION] = TURNED
    exif[MAKER], exif[MODEL] = "Testamur", "Demo phone"
    exif[GPS] = PLACE
    lying = scene().transpose(Image.Transpose.ROTATE_90)
    return _written(lying, "JPEG", quality=82, exif=exif)


def png() -> bytes:
    """Take it as a screenshot."""
    return _written(scene(), "PNG", optimize=True)


def webp() -> bytes:
    """Take it from a chat."""
    return _written(scene(), "WEBP", quality=80)


def heic() -> bytes:
    """Take it with an iPhone."""
    written = BytesIO()
    pillow_heif.from_pillow(scene()).save(written, quality=60)
    return written.getvalue()


def _written(picture: Image.Image, form: str, **options: object) -> bytes:
    written = BytesIO()
    picture.save(written, form, **options)
    return written.getvalue()
