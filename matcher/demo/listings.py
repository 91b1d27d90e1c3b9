"""The listings of the demo, each with what a fair reviewer would say of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PIL import Image

from matcher.demo.artwork import Print
from matcher.demo.brands import BRANDS, DemoBrand, Product, recoloured
from matcher.demo.edits import EDITS, collage
from matcher.demo.everyday import EVERYDAY
from matcher.demo.no_name import no_name
from matcher.demo.photography import Shot, jpeg, photograph, quality_of, studio
from matcher.demo.products import PACKAGED
from matcher.demo.scenes import Rng
from matcher.demo.stock import Fake, opened, snap, true_print, wrong_colours
from matcher.records import VerdictKind

CLEAR, REVIEW, COUNTERFEIT = VerdictKind.CLEAR, VerdictKind.REVIEW, VerdictKind.COUNTERFEIT
Item = tuple[DemoBrand, Product]
Shop = dict[str, bytes]
"""The shop's front images by reference id, as they lie in the catalog."""
Shoot = Callable[[Rng], list[bytes]]

KINDS: dict[str, VerdictKind] = {
    "unrelated": CLEAR, "look-alike": CLEAR, "licensed": CLEAR, "resale": CLEAR,
    "stolen-photo": REVIEW, "stolen-photo-cheap": COUNTERFEIT, "own-photo-cheap": REVIEW,
    "known-counterfeit": COUNTERFEIT, "known-counterfeit-again": COUNTERFEIT,
    "wrong-colours": REVIEW, "near-miss-wordmark": COUNTERFEIT,
}  # fmt: skip
PRICE_SHARES: dict[str, tuple[float, float]] = {  # of the reference's price
    "licensed": (0.92, 1.0),
    "resale": (0.55, 0.9),
    "stolen-photo": (0.85, 1.05),
    "stolen-photo-cheap": (0.15, 0.35),
    "own-photo-cheap": (0.15, 0.3),
    "known-counterfeit": (0.2, 0.4),
    "known-counterfeit-again": (0.2, 0.4),
    "wrong-colours": (0.2, 0.4),
    "near-miss-wordmark": (0.2, 0.4),
}
SELLERS = (
    "attic-finds-22", "quick.parcel", "bluebird-home", "market_hall_9", "second-shelf", "dealharbor",
    "flat-4b", "weekend.stall", "easycart-77", "nested", "old-yard-sales", "trend_island",
)  # fmt: skip
NO_NAME_GOODS = (
    ("tin", "Tea caddy"),
    ("teabox", "Herbal tea bags"),
    ("bottle", "Hand soap"),
    ("jar", "Hand cream"),
    ("carton", "Gift soap box"),
    ("tee", "Printed T-shirt"),
    ("hoodie", "Cotton hoodie"),
    ("tote", "Canvas shopper"),
    ("satchel", "Messenger bag"),
    ("pouch", "Make-up pouch"),
    ("tin", "Biscuit tin"),
    ("tee", "Summer T-shirt"),
    ("bottle", "Shower gel"),
    ("teabox", "Breakfast tea bags"),
)


@dataclass(frozen=True)
class Plan:
    """One listing before it has a number: what it says, and how its photos are made."""

    kind: str
    title: str
    description: str
    price: str
    seller_id: str
    shoot: Shoot
    brand: str = ""
    reference_id: str = ""


def asked(kind: str, item: Item, rng: Rng) -> str:
    """A price as that kind of seller asks."""
    low, high = PRICE_SHARES[kind]
    return f"{float(item[1].price) * float(rng.uniform(low, high)):.2f}"


def someone(rng: Rng) -> str:
    """A seller without a licence."""
    return SELLERS[int(rng.integers(len(SELLERS)))]


def about(
    kind: str, item: Item, title: str, description: str, rng: Rng, shoot: Shoot, seller: str = ""
) -> Plan:
    """A plan that concerns one product of a brand."""
    brand, product = item
    price = asked(kind, item, rng)
    return Plan(
        kind, title, description, price, seller or someone(rng), shoot, brand.name, product.reference_id
    )


def choose(rng: Rng, count: int) -> list[Item]:
    """`count` products, taken from the brands in turn and without repeats within a brand."""
    decks = [
        [(brand, brand.products[i]) for i in rng.permutation(len(brand.products)).tolist()]
        for brand in BRANDS
    ]
    dealt = [item for hand in zip(*decks, strict=True) for item in hand]
    return dealt[:count]


def plans(rng: Rng, shop: Shop, fakes: list[Fake]) -> Iterator[Plan]:
    """Every listing of the demo, kind after kind."""
    yield from unrelated(rng, 30)
    yield from look_alikes(rng)
    yield from licensed(rng, shop, 13)
    yield from resales(rng, 15)
    yield from stolen(rng, shop, "stolen-photo", 13)
    yield from stolen(rng, shop, "stolen-photo-cheap", 12)
    yield from own_cheap(rng, 9)
    yield from known(rng, fakes)
    yield from altered(rng)


def unrelated(rng: Rng, count: int) -> Iterator[Plan]:
    """Household things."""
    names = list(EVERYDAY)
    for index in range(count):
        name = names[index % len(names)]
        maker, upright = EVERYDAY[name]

        def shoot(
            own: Rng, maker: Callable[[Rng], Image.Image] = maker, upright: bool = upright
        ) -> list[bytes]:
            thing = maker(own)
            if own.random() < 0.2:
                return [jpeg(studio(thing, upright=upright), 88)]
            return [jpeg(photograph(thing, own, Shot(upright=upright)), quality_of(own))]

        condition = ("Used, good condition", "As new", "Some wear, see photo", "New, unwanted gift")[
            index % 4
        ]
        price = f"{float(rng.uniform(3, 60)):.2f}"
        yield Plan(
            "unrelated",
            f"{name.capitalize()}, {condition.lower()}",
            f"{condition}. Collection or post.",
            price,
            someone(rng),
            shoot,
        )


def look_alikes(rng: Rng) -> Iterator[Plan]:
    """The brands' categories without the brands."""
    for form, title in NO_NAME_GOODS:

        def shoot(own: Rng, form: str = form) -> list[bytes]:
            shot = Shot(upright=form in PACKAGED)
            return [jpeg(photograph(no_name(form, own), own, shot), quality_of(own))]

        price = f"{float(rng.uniform(4, 30)):.2f}"
        yield Plan("look-alike", f"{title}, no brand", "Unbranded, works well.", price, someone(rng), shoot)


def licensed(rng: Rng, shop: Shop, count: int) -> Iterator[Plan]:
    """The brand's own sellers with the brand's own image, as it is or smaller."""
    for index, item in enumerate(choose(rng, count)):
        brand, product = item
        seller = brand.licensed_sellers[index % len(brand.licensed_sellers)]

        def shoot(
            own: Rng, blob: bytes = shop[product.reference_id], same: bool = index % 2 == 0
        ) -> list[bytes]:
            if same:
                return [blob]
            side = int(own.integers(420, 700))
            return [jpeg(opened(blob).resize((side, side), Image.Resampling.LANCZOS), 85)]

        yield about(
            "licensed",
            item,
            brand.title(product),
            f"{product.note}. From the official range.",
            rng,
            shoot,
            seller,
        )


def resales(rng: Rng, count: int) -> Iterator[Plan]:
    """Genuine things sold on by those who bought them."""
    for index, item in enumerate(choose(rng, count)):
        brand, product = item
        genuine = true_print(brand, product)

        def shoot(own: Rng, genuine: Print = genuine, two: bool = index % 5 == 0) -> list[bytes]:
            return [snap(genuine, own) for _ in range(2 if two else 1)]

        text = (
            "Bought last year, hardly used.",
            "Unwanted gift, receipt at hand.",
            "Clearing out, from a smoke-free home.",
        )[index % 3]
        yield about("resale", item, f"{brand.name} {product.name}, used", text, rng, shoot)


def stolen(rng: Rng, shop: Shop, kind: str, count: int) -> Iterator[Plan]:
    """The shop's image in a stranger's listing, edited."""
    names = [*EDITS, "collage"]
    items = choose(rng, count)
    for index, item in enumerate(items):
        brand, product = item
        name, other = names[index % len(names)], items[index - 1][1].reference_id

        def shoot(
            own: Rng,
            name: str = name,
            blob: bytes = shop[product.reference_id],
            other: bytes = shop[other],
            again: bool = index >= len(names),
        ) -> list[bytes]:
            image = opened(blob)
            if again:
                image = EDITS[("tint", "crop", "watermark")[int(own.integers(3))]](image, own)
            image = collage([image, opened(other)], own) if name == "collage" else EDITS[name](image, own)
            return [jpeg(image, quality_of(own))]

        text = (
            "Brand new, fast delivery.",
            "New in packaging, many in stock.",
            "Message for colours and sizes.",
        )[index % 3]
        yield about(kind, item, f"{brand.name} {product.name} NEW", text, rng, shoot)


def own_cheap(rng: Rng, count: int) -> Iterator[Plan]:
    """The seller's own photo of the right product at a wrong price."""
    for item in choose(rng, count):
        brand, product = item
        genuine = true_print(brand, product)

        def shoot(own: Rng, genuine: Print = genuine) -> list[bytes]:
            return [snap(genuine, own)]

        yield about(
            "own-photo-cheap",
            item,
            f"{brand.name} {product.name} wholesale",
            "Factory price, several available.",
            rng,
            shoot,
        )


def known(rng: Rng, fakes: list[Fake]) -> Iterator[Plan]:
    """The photo of a confirmed fake again, or the same fake photographed anew."""
    for index, fake in enumerate(fakes):
        name = ("", "crop", "tint", "squeeze", "", "banner", "mirror", "crop")[index % 8]

        def reuse(own: Rng, fake: Fake = fake, name: str = name) -> list[bytes]:
            return [jpeg(EDITS[name](opened(fake.photo), own), quality_of(own))] if name else [fake.photo]

        def anew(own: Rng, fake: Fake = fake) -> list[bytes]:
            return [snap(fake.print, own, 0.3)]

        item, title = (fake.brand, fake.product), f"{fake.brand.name} style {fake.product.name}"
        yield about("known-counterfeit", item, title, "Same as in shops.", rng, reuse)
        if index % 2 == 0:
            yield about("known-counterfeit-again", item, title, "Same as in shops, own photo.", rng, anew)


def altered(rng: Rng) -> Iterator[Plan]:
    """Products that were never made: other colours, or a wordmark with a letter wrong."""
    for index, item in enumerate(choose(rng, 10)):
        brand, product = item
        near_miss = index % 2 == 0 or brand.slug == "corvanne"
        made = (
            Print(brand, product, brand.misspelt[index % 2])
            if near_miss
            else Print(brand, recoloured(product, wrong_colours(product.colours)), brand.name)
        )

        def shoot(own: Rng, made: Print = made) -> list[bytes]:
            return [snap(made, own, 0.3)]

        kind = "near-miss-wordmark" if near_miss else "wrong-colours"
        spelt = made.wordmark if near_miss else brand.name
        yield about(kind, item, f"{spelt} {product.name}", "New, no receipt.", rng, shoot)
