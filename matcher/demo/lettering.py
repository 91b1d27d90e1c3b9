"""Type and small print: set text, paragraphs, barcodes; and the mixing of colours."""

from __future__ import annotations

from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

Box = tuple[float, float, float, float]


@lru_cache(maxsize=4096)
def rgb(colour: str) -> tuple[int, int, int]:
    """`#rrggbb` as three numbers."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


@lru_cache(maxsize=4096)
def mix(first: str, second: str, share: float) -> str:
    """`first` with a `share` in [0, 1] of `second`."""
    pairs = zip(rgb(first), rgb(second), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def luminance(colour: str) -> float:
    """How light a colour is, in [0, 1]."""
    red, green, blue = rgb(colour)
    return (0.299 * red + 0.587 * green + 0.114 * blue) / 255


@lru_cache(maxsize=256)
def font(size: int) -> ImageFont.FreeTypeFont:
    """Pillow's own typeface at `size` pixels."""
    face = ImageFont.load_default(size)
    if not isinstance(face, ImageFont.FreeTypeFont):
        raise RuntimeError("this Pillow was built without FreeType; install the wheel from the package index")
    return face


def width_of(text: str, size: float, tracking: float = 0.0) -> float:
    """Pixels from the first letter's origin to the last one's end; `tracking` is in parts of the size."""
    return font(round(size)).getlength(text) + tracking * size * max(0, len(text) - 1)


def set_text(
    draw: ImageDraw.ImageDraw,
    xy: tuple[float, float],
    text: str,
    size: float,
    fill: str,
    *,
    weight: float = 0.0,
    tracking: float = 0.0,
    align: str = "m",
    max_width: float | None = None,
) -> float:
    """Set one line with its middle height at `xy`; returns its width.

    `align`: l, m or r. `weight` thickens strokes, `tracking` spaces letters, both in parts of the size.
    A line wider than `max_width` is set smaller.
    """
    wide = width_of(text, size, tracking)
    if max_width is not None and wide > max_width:
        size *= max_width / wide
        wide = width_of(text, size, tracking)
    face, stroke = font(max(6, round(size))), max(0.0, weight * size)
    left = xy[0] - {"l": 0.0, "m": 0.5, "r": 1.0}[align] * wide
    if not tracking:
        draw.text((left, xy[1]), text, font=face, fill=fill, anchor="lm", stroke_width=stroke)
        return wide
    for index, letter in enumerate(text):
        # The length of what stands before keeps the kerning.
        at = left + face.getlength(text[:index]) + tracking * size * index
        draw.text((at, xy[1]), letter, font=face, fill=fill, anchor="lm", stroke_width=stroke)
    return wide


def paragraph(
    draw: ImageDraw.ImageDraw,
    box: Box,
    text: str,
    size: float,
    fill: str,
    *,
    align: str = "l",
    leading: float = 1.4,
) -> float:
    """Set `text` in lines inside `box`, as many as fit; returns the height used."""
    x1, y1, x2, y2 = box
    y, line = y1 + size * leading / 2, ""
    at = {"l": x1, "m": (x1 + x2) / 2, "r": x2}[align]
    for word in [*text.split(), ""]:
        longer = f"{line} {word}".strip()
        if word and width_of(longer, size) <= x2 - x1:
            line = longer
            continue
        if y + size / 2 > y2:
            break
        set_text(draw, (at, y), line, size, fill, align=align)
        y, line = y + size * leading, word
    return y - size * leading / 2 - y1


def barcode(draw: ImageDraw.ImageDraw, box: Box, digits: str) -> None:
    """Bars on white with the digits below; they look like EAN-13 and need not scan."""
    x1, y1, x2, y2 = box
    draw.rectangle(box, fill="#ffffff")
    pad, foot = (x2 - x1) * 0.07, (y2 - y1) * 0.24
    modules = (
        "101" + "".join(f"{(int(d) * 37 + 19 + i * 11) % 128:07b}" for i, d in enumerate(digits)) + "101"
    )
    step = (x2 - x1 - 2 * pad) / len(modules)
    for index, module in enumerate(modules):
        if module == "1":
            left = x1 + pad + index * step
            draw.rectangle((left, y1 + pad, left + step - 0.4, y2 - foot), fill="#1a1a1a")
    set_text(
        draw, ((x1 + x2) / 2, y2 - foot / 2), digits, foot * 0.72, "#1a1a1a", max_width=x2 - x1 - 2 * pad
    )


def sheet(width: float, height: float, colour: str) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """A fresh RGB sheet and its pen."""
    image = Image.new("RGB", (round(width), round(height)), colour)
    return image, ImageDraw.Draw(image)


def clear_sheet(width: float, height: float) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """A fresh transparent RGBA sheet and its pen."""
    image = Image.new("RGBA", (round(width), round(height)), (0, 0, 0, 0))
    return image, ImageDraw.Draw(image)
