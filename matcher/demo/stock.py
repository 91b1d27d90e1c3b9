"""The goods as pictures: shop images, private photos, and the fakes that reviewers confirmed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image

from matcher.demo.artwork import Print
from matcher.demo.brands import BRANDS, Colours, DemoBrand, Product, recoloured
from matcher.demo.photography import Shot, jpeg, photograph, quality_of, studio
from matcher.demo.products import FRONT, GARMENTS, PACKAGED, SECOND, View, cut_out
from matcher.demo.scenes import Rng


@dataclass(frozen=True)
class Fake:
    """A counterfeit that a reviewer confirmed: the print it carries and its one known photo."""

    fake_id: str
    brand: DemoBrand
    product: Product
    print: Print
    photo: bytes


def opened(blob: bytes) -> Image.Image:
    """JPEG bytes as RGB."""
    return Image.open(BytesIO(blob)).convert("RGB")


def true_print(brand: DemoBrand, product: Product) -> Print:
    """The product as the brand prints it."""
    return Print(brand, product, brand.name)


def shop_image(item: Print, view: View) -> bytes:
    """A studio image as the brand's shop shows it."""
    form, pale = item.product.form, ("#ffffff", "#f6f4f0", "#f2f4f6")
    backdrop = pale[sum(item.product.reference_id.encode()) % 3]
    return jpeg(studio(cut_out(item, view), upright=form not in GARMENTS, backdrop=backdrop), 92)


def snap(item: Print, rng: Rng, strain: float = 0.5) -> bytes:
    """A private photo of a product: another angle than the shop's, some room, some phone."""
    form = item.product.form
    view = FRONT
    if form in PACKAGED:
        # A few steps of yaw only, so that solids already turned that way are used again.
        view = View(yaw=float(rng.choice([-0.4, -0.2, 0.2, 0.4])), pitch=float(rng.choice([0.1, 0.24])))
    upright = form in PACKAGED or (form in ("tote", "satchel", "backpack") and rng.random() < 0.6)
    shot = Shot(upright=bool(upright), strain=strain)
    return jpeg(photograph(cut_out(item, view), rng, shot), quality_of(rng))


def wrong_colours(colours: Colours) -> Colours:
    """The colours with their channels swapped: a dye lot the brand never made."""

    def swap(colour: str) -> str:
        return f"#{colour[5:7]}{colour[1:3]}{colour[3:5]}"

    return Colours(swap(colours.ground), swap(colours.accent), colours.paper, swap(colours.ink))


def known_fakes(seed: int) -> list[Fake]:
    """Two confirmed counterfeits a brand: off colours and a misspelt wordmark, each with one photo."""
    fakes: list[Fake] = []
    for brand in BRANDS:
        for number, place in enumerate((1, 7), 1):
            product = brand.products[place]
            c = product.colours
            faded = (
                recoloured(product, Colours(c.accent, c.ground, c.paper, c.ink)) if number == 2 else product
            )
            made = Print(brand, faded, brand.misspelt[number - 1])
            rng = np.random.default_rng([seed, 99, len(fakes)])
            fakes.append(Fake(f"{brand.slug}-fake-{number}", brand, product, made, snap(made, rng, 0.2)))
    return fakes


def references(brand: DemoBrand) -> Iterator[tuple[Product, list[bytes]]]:
    """Each product of a brand with its shop images, front first."""
    for product in brand.products:
        item = true_print(brand, product)
        views = [FRONT]
        if product.extra_views and product.form in SECOND:
            views.append(SECOND[product.form])
        yield product, [shop_image(item, view) for view in views]
