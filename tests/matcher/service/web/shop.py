"""A shop's images and a day's listings as the demo draws them, and a web server that has the photos."""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle, islice, permutations
from pathlib import Path

import numpy as np

from matcher.demo.artwork import Print
from matcher.demo.brands import BRANDS, Colours, DemoBrand, Product, recoloured
from matcher.demo.edits import EDITS
from matcher.demo.everyday import EVERYDAY
from matcher.demo.marks import logo_sheet
from matcher.demo.photography import Shot, jpeg, photograph
from matcher.demo.products import FRONT, PACKAGED
from matcher.demo.stock import opened, shop_image, snap

LICENSED = "maison-official"
Item = tuple[DemoBrand, Product]


def items(count: int) -> list[Item]:
    """Products of all brands in turn, then the same in other colours; garments and bags first."""
    rows = zip(*(one.products for one in BRANDS), strict=True)
    found = [item for row in rows for item in zip(BRANDS, row, strict=True)]
    found.sort(key=lambda item: item[1].form in PACKAGED)
    dyes = list(permutations((0, 1, 2)))
    assert count <= len(found) * len(dyes)
    made = [(brand, dyed(product, dye)) for dye in dyes for brand, product in found]
    return made[:count]


def dyed(product: Product, dye: Sequence[int]) -> Product:
    """The product with the red, green and blue of its colours in another order."""

    def turned(colour: str) -> str:
        return "#" + "".join(colour[1 + 2 * at : 3 + 2 * at] for at in dye)

    c = product.colours
    return recoloured(product, Colours(turned(c.ground), turned(c.accent), c.paper, turned(c.ink)))


def shop_images(count: int) -> dict[str, bytes]:
    """As many images of as many products, by file name."""
    return {
        f"{number:03d}-{product.reference_id}.jpg": shop_image(Print(brand, product, brand.name), FRONT)
        for number, (brand, product) in enumerate(items(count), 1)
    }


def logo() -> bytes:
    """Artwork of the first brand's logo."""
    buffer = io.BytesIO()
    logo_sheet(BRANDS[0]).save(buffer, "PNG")
    return buffer.getvalue()


@dataclass(frozen=True)
class Offer:
    """A row of a table of listings, and its photos."""

    name: str
    title: str
    seller: str
    photos: tuple[bytes, ...]


def fakes(images: Mapping[str, bytes], seed: int = 5) -> list[Offer]:
    """Five offers of copies, each with the shop's photo edited and one of its own of the misspelt product."""
    made = []
    for number, ((brand, product), name) in enumerate(zip(items(5), images, strict=False), 1):
        rng = np.random.default_rng([seed, number])
        edit = ("crop", "tint", "watermark", "banner", "crop")[number - 1]
        stolen = jpeg(EDITS[edit](opened(images[name]), rng), 84)
        own = snap(Print(brand, product, brand.misspelt[0]), rng, 0.2)
        made.append(
            Offer(
                f"F-{number}",
                f"Offer F-{number}, 1:1 replica, mirror quality",
                f"stall-{number}",
                (stolen, own),
            )
        )
    return made


def again(fake: Offer, seed: int = 6) -> Offer:
    """The fake's own photo offered by someone else, cropped."""
    rng = np.random.default_rng(seed)
    photo = jpeg(EDITS["crop"](opened(fake.photos[1]), rng), 80)
    return Offer(f"{fake.name}-again", f"Offer {fake.name} again", "another-stall", (photo,))


def others(count: int, images: Mapping[str, bytes], seed: int = 8) -> Iterator[Offer]:
    """The licensed seller with the shop's own photos, and household things, two to one."""
    things, photos = cycle(EVERYDAY.items()), cycle(images.values())
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        if number % 3 == 0:
            yield Offer(f"S-{number}", f"Official {number}", LICENSED, (next(photos),))
            continue
        name, (maker, upright) = next(things)
        photo = jpeg(photograph(maker(rng), rng, Shot(upright=upright)), 82)
        yield Offer(f"H-{number}", f"{name.capitalize()}, used, {number}", f"home-{number % 7}", (photo,))


@contextmanager
def served(photos: dict[str, bytes]) -> Iterator[str]:
    """A web server that has the photos, also those that are added later; gives its address."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            blob = photos.get(self.path.strip("/"))
            self.send_response(404 if blob is None else 200)
            self.send_header("Content-Length", str(len(blob or b"")))
            self.end_headers()
            self.wfile.write(blob or b"")

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            serving.join()


def table(path: Path, server: str, photos: dict[str, bytes], offers: list[Offer]) -> Path:
    """The offers as a table, whose photos `server` has then."""
    rows = [("listing_id", "image", "title", "price", "currency", "seller_id")]
    for one in offers:
        names = [f"{one.name}-{number}.jpg" for number in range(len(one.photos))]
        photos.update(zip(names, one.photos, strict=True))
        images = "|".join(f"{server}/{name}" for name in names)
        rows.append((one.name, images, one.title, "19", "EUR", one.seller))
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def some(offers: Iterator[Offer], count: int) -> list[Offer]:
    """The first of them."""
    return list(islice(offers, count))
