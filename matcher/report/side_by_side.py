"""A listing's photo beside the reference as one picture, with regions drawn, or lines between keypoints."""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from matcher.images import Picture as Pixels
from matcher.report.agreement import Agreement
from matcher.report.card import Picture

SIDE, GAP, CAPTION = 900, 24, 56
"""Pixels: a picture's longer side, the room between, and the height of the line above."""
MARK, HALO, INK, GROUND = (214, 16, 106), (255, 255, 255), (26, 28, 31), (255, 255, 255)
AGREE = (0, 117, 122)


def side_by_side(photo: Pixels, drawn: Picture, reference: Pixels | None, name: str = "Reference") -> bytes:
    """A PNG file of both, `drawn` being the photo's outlines in its original pixels.

    `name` stands above `reference` and is plain ASCII: no font that ships with the library has more.
    """
    parts = [("Listing", _marked(photo, drawn))]
    if reference is not None:
        parts.append((name, _fitted(reference)))
    return _file(_sheet(parts))


def lines_drawn(photo: Pixels, reference: Pixels, found: Agreement, name: str = "Reference") -> bytes:
    """A PNG file of both with a line for each pair of keypoints that `found` holds."""
    left, right = _fitted(photo), _fitted(reference)
    sheet = _sheet([("Listing", left), (name, right)])
    pen, begin = ImageDraw.Draw(sheet), left.width + 2 * GAP
    ends = [
        (
            (GAP + x1 * left.width, CAPTION + y1 * left.height),
            (begin + x2 * right.width, CAPTION + y2 * right.height),
        )
        for (x1, y1), (x2, y2) in found.pairs
    ]
    for colour, width in ((HALO, 7), (AGREE, 3)):
        for here, there in ends:
            pen.line([here, there], fill=colour, width=width)
    for end in (one for pair in ends for one in pair):
        pen.circle(end, 6, fill=AGREE, outline=HALO)
    return _file(sheet)


def _sheet(parts: Sequence[tuple[str, Image.Image]]) -> Image.Image:
    """The parts beside each other, what each is above it."""
    width = sum(part.width for _, part in parts) + GAP * (len(parts) + 1)
    height = max(part.height for _, part in parts) + CAPTION + GAP
    sheet = Image.new("RGB", (width, height), GROUND)
    pen, x = ImageDraw.Draw(sheet), GAP
    for title, part in parts:
        pen.text((x, CAPTION // 4), title, fill=INK, font=ImageFont.load_default(30))
        sheet.paste(part, (x, CAPTION))
        x += part.width + GAP
    return sheet


def _file(sheet: Image.Image) -> bytes:
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG")
    return buffer.getvalue()


def _fitted(picture: Pixels) -> Image.Image:
    image = Image.fromarray(picture.pixels)
    image.thumbnail((SIDE, SIDE), Image.Resampling.BICUBIC)
    return image


def _marked(photo: Pixels, drawn: Picture) -> Image.Image:
    image = _fitted(photo)
    pen, scale = ImageDraw.Draw(image), image.width / drawn.width
    font = ImageFont.load_default(max(14, round(drawn.unit * scale * 0.8)))
    for shape in drawn.shapes:
        corners = [tuple(float(part) * scale for part in point.split(",")) for point in shape.points.split()]
        for colour, width in ((HALO, 9), (MARK, 4)):
            pen.line([*corners, corners[0]], fill=colour, width=width, joint="curve")
    for shape in drawn.shapes:
        middle = shape.x * scale, shape.y * scale
        x1, y1, x2, y2 = pen.textbbox(middle, shape.label, font=font, anchor="mm")
        pen.rounded_rectangle((x1 - 8, y1 - 5, x2 + 8, y2 + 5), 8, fill=MARK, outline=HALO, width=2)
        pen.text(middle, shape.label, fill=HALO, font=font, anchor="mm")
    return image
