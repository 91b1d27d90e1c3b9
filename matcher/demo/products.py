"""Any product as a cut-out: which view of which thing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from PIL import Image

from matcher.demo.artwork import Print
from matcher.demo.bags import bag
from matcher.demo.garments import garment
from matcher.demo.packaging import packaged
from matcher.demo.solids import trimmed

PACKAGED = ("tin", "teabox", "bottle", "jar", "carton")
GARMENTS = ("tee", "hoodie")


@dataclass(frozen=True)
class View:
    """Where the eye is: `yaw` and `pitch` in radians for packaging, `back` for garments."""

    yaw: float = 0.0
    pitch: float = 0.14
    back: bool = False


FRONT = View()
SECOND = {form: View(yaw=0.55, pitch=0.2) for form in PACKAGED} | {form: View(back=True) for form in GARMENTS}


@lru_cache(maxsize=96)
def cut_out(item: Print, view: View = FRONT) -> Image.Image:
    """The product on nothing, RGBA, 500 to 900 pixels high; bags have only a front."""
    form = item.product.form
    if form in PACKAGED:
        return packaged(item, view.yaw, view.pitch)
    return trimmed(garment(item, view.back)) if form in GARMENTS else bag(item)
