"""Tins, tea boxes, bottles, jars and cartons as cut-outs."""

from __future__ import annotations

from functools import lru_cache

from PIL import Image, ImageDraw

from matcher.demo.artwork import Panels, Print
from matcher.demo.care_art import care_wrap, carton_panels
from matcher.demo.lettering import mix, sheet
from matcher.demo.solids import box, smooth_profile, stacked, trimmed, turned
from matcher.demo.tea_art import teabox_panels, tin_wrap

STEEL = "#c9ccd0"


@lru_cache(maxsize=32)
def panels(item: Print) -> Panels:
    """The printed faces of a box or carton."""
    return teabox_panels(item) if item.product.form == "teabox" else carton_panels(item)


@lru_cache(maxsize=32)
def wrap(item: Print) -> Image.Image:
    """The print around a tin, bottle or jar."""
    product = item.product
    if product.form == "tin":
        return tin_wrap(item, 2500, 1000)
    return care_wrap(item, 1900, 900 if product.form == "bottle" else 520, glass_of(item))


def glass_of(item: Print) -> str:
    """The colour of the glass behind a label."""
    return mix(item.product.colours.ink, "#3a2a1c", 0.35)


def tin(item: Print, roll: float, pitch: float) -> Image.Image:
    """A round tin with a plain lid."""
    c = item.product.colours
    body = turned(
        wrap(item), smooth_profile([(0, 1), (1, 1)], 640), width=500, roll=roll, pitch=pitch, gloss=0.28
    )
    lid_colour = mix(c.ground, c.ink, 0.3)
    band, draw = sheet(600, 100, lid_colour)
    draw.rectangle((0, 60, 600, 70), fill=c.accent)
    draw.rectangle((0, 92, 600, 100), fill=mix(lid_colour, "#000000", 0.45))
    cap = turned(band, smooth_profile([(0, 0.97), (0.08, 1), (1, 1)], 92), width=512, pitch=pitch, gloss=0.4,
                 lid=mix(lid_colour, "#ffffff", 0.12))  # fmt: skip
    drop = cap.height - round(pitch * 256) - 8
    shift = drop - round(pitch * 250)
    return trimmed(
        stacked((512, body.height + max(0, shift) + 4), [(body, (6, max(0, shift))), (cap, (0, 0))])
    )


def bottle(item: Print, roll: float, pitch: float) -> Image.Image:
    """A pump bottle of dark glass."""
    glass = glass_of(item)
    skin, _ = sheet(1900, 1240, glass)
    skin.paste(wrap(item), (0, 290))
    shape = smooth_profile(
        [(0, 0.36), (0.07, 0.36), (0.075, 0.4), (0.13, 0.52), (0.2, 0.97), (0.23, 1), (0.985, 1), (1, 0.96)],
        770,
    )
    body = turned(skin, shape, width=380, roll=roll, pitch=pitch, gloss=0.4)
    collar, pen = sheet(400, 120, mix("#1b1b1d", glass, 0.15))
    for x in range(0, 400, 9):
        pen.line((x, 0, x, 120), fill="#34343a", width=3)
    cap = turned(
        collar, smooth_profile([(0, 0.95), (1, 1)], 62), width=158, pitch=pitch, gloss=0.3, lid="#2a2a2f"
    )
    stem = turned(
        sheet(40, 40, "#26262a")[0], smooth_profile([(0, 1), (1, 1)], 46), width=46, pitch=pitch, gloss=0.5
    )
    parts = [(body, (10, 116)), (cap, (121, 78)), (stem, (177, 42)), (spout(), (110, 0))]
    return trimmed(stacked((400, body.height + 120), parts))


def spout() -> Image.Image:
    """The pump's head, seen from the side."""
    head = Image.new("RGBA", (400, 120), (0, 0, 0, 0))
    draw = ImageDraw.Draw(head)
    draw.rounded_rectangle((110, 20, 250, 96), 26, fill="#222226")
    draw.polygon([(130, 26), (20, 40), (4, 78), (26, 82), (40, 66), (130, 74)], fill="#222226")
    draw.rounded_rectangle((128, 28, 236, 44), 8, fill="#4a4a52")
    draw.line((36, 46, 128, 34), fill="#44444b", width=6)
    return head.reduce(2)


def jar(item: Print, roll: float, pitch: float) -> Image.Image:
    """A wide jar with a steel lid."""
    glass = glass_of(item)
    skin, _ = sheet(1900, 620, glass)
    skin.paste(wrap(item), (0, 56))
    body = turned(
        skin,
        smooth_profile([(0, 0.92), (0.07, 1), (0.95, 1), (1, 0.93)], 400),
        width=620,
        roll=roll,
        pitch=pitch,
        gloss=0.35,
    )
    brushed, pen = sheet(700, 130, STEEL)
    for y in range(0, 130, 3):
        pen.line((0, y, 700, y), fill=mix(STEEL, "#8f949b", (y * 7 % 11) / 16), width=1)
    cap = turned(
        brushed,
        smooth_profile([(0, 0.96), (0.1, 1), (1, 1)], 110),
        width=636,
        pitch=pitch,
        gloss=0.75,
        lid="#dcdfe2",
    )
    shift = cap.height - round(pitch * 318) - round(pitch * 290) - 4
    return trimmed(
        stacked((636, body.height + max(0, shift) + 4), [(body, (8, max(0, shift))), (cap, (0, 0))])
    )


def packaged(item: Print, yaw: float, pitch: float) -> Image.Image:
    """Any packaging seen from `yaw` and `pitch` (radians), RGBA."""
    form = item.product.form
    if form in ("teabox", "carton"):
        faces = panels(item)
        return box(faces.front, faces.side, faces.top, yaw=yaw, pitch=pitch, tall=780)
    return {"tin": tin, "bottle": bottle, "jar": jar}[form](item, yaw, max(0.03, pitch * 0.6))
