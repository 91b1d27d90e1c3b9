"""The invented brands of the demo: their names, colours, sellers and products; no such company is known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from matcher.records import Brand, Trademark


@dataclass(frozen=True)
class Colours:
    """A product's colours, each `#rrggbb`: the ground, the accent, the pale paper and the ink on paper."""

    ground: str
    accent: str
    paper: str
    ink: str


@dataclass(frozen=True)
class Product:
    """One product: `form` says what is drawn, `motif` which illustration or pattern it carries."""

    reference_id: str
    form: str
    name: str
    note: str
    motif: str
    colours: Colours
    price: Decimal
    gtin: str
    extra_views: int


@dataclass(frozen=True)
class DemoBrand:
    """A brand as the drawing code needs it; `misspelt` are the near-miss wordmarks its fakes carry."""

    slug: str
    name: str
    mark: str
    tagline: str
    origin: str
    colours: Colours
    misspelt: tuple[str, ...]
    licensed_sellers: tuple[str, ...]
    nice_classes: tuple[int, ...]
    currency: str
    products: tuple[Product, ...]

    @property
    def record(self) -> Brand:
        """What the catalog stores of the brand."""
        trademark = Trademark(number=f"DEMO-{self.slug.upper()}", office="EM", nice_classes=self.nice_classes)
        return Brand(
            name=self.name,
            wordmarks=(self.name, self.name.upper()),
            licensed_sellers=self.licensed_sellers,
            trademarks=(trademark,),
        )

    def title(self, product: Product) -> str:
        """A product's title in the brand's own shop."""
        return f"{self.name} {product.name} {FORM_TITLES[product.form]}"


FORM_TITLES = {
    "tin": "loose leaf tea, tin 100 g",
    "teabox": "tea bags, box of 20",
    "bottle": "bottle 250 ml",
    "jar": "cream, jar 200 ml",
    "carton": "eau de toilette, 50 ml",
    "tee": "T-shirt",
    "hoodie": "hoodie",
    "tote": "tote bag",
    "satchel": "satchel",
    "backpack": "backpack",
    "pouch": "zip pouch",
}


def gtin(prefix: int, number: int) -> str:
    """An EAN-13 of the range for use inside a company (GS1 prefixes 20-29), so that it names nothing sold."""
    body = f"2{prefix:03d}{number:08d}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body))
    return body + str(-total % 10)


# One line a product: id, form, name, note, motif, ground, accent, paper, ink, price, further views.
TEAS = """
TV-101|tin|Northern Mint|Green tea with garden mint|sprig|#1f5b4e|#e9b44c|#f7f0df|#173b34|14.90|1
TV-102|tin|Orchard Citrus|Rooibos with orange peel|citrus|#c65a1e|#f4d35e|#fbf1df|#6b2c0b|14.90|1
TV-103|tin|Hedgerow Berry|Fruit blend with currant|berry|#6d1f3c|#e58f9f|#f9ece4|#4a1228|15.50|0
TV-104|tin|Meadow Camomile|Whole flower heads|daisy|#d9a521|#fff6d8|#fdf6e3|#6a4a06|13.90|0
TV-105|tin|Midnight Anise|Black tea with star anise|anise|#1d2b4f|#d99a5b|#f1ead9|#16203d|16.50|1
TV-106|tin|Rose Hibiscus|Hibiscus, rose hip, petals|hibiscus|#a8324a|#f3b6a5|#fcefe6|#5e1726|15.50|0
TV-201|teabox|Pine Forest|Smoked black tea|pine|#2e4a3f|#d8a25e|#f4ecd8|#1f332b|6.90|1
TV-202|teabox|Morning Hills|Breakfast blend, full and malty|sprig|#9d3b22|#f2c063|#f8eeda|#5b1f10|5.90|1
TV-203|teabox|Harbour Fog|Earl grey with bergamot|citrus|#3d5a73|#f0c987|#f2efe4|#22384b|5.90|0
TV-204|teabox|Winter Plum|Spiced plum and cinnamon|berry|#50305e|#e39b6b|#f5ebe3|#331c3e|6.50|0
TV-205|teabox|Golden Meadow|Camomile and honeybush|daisy|#b98219|#f7e6a6|#fbf5e2|#5c3f07|6.50|0
TV-206|teabox|Red Garden|Hibiscus and wild cherry|hibiscus|#8f2231|#f2a07b|#fbeee2|#55111c|6.50|0
"""
CARE = """
MR-301|bottle|Sea Fennel|Body wash, mineral and green|sprig|#2f5f5b|#c9a45c|#f6f3ea|#23403e|24.00|1
MR-302|bottle|Fig Leaf|Hand wash, soft and milky|fig|#6a3b2a|#8aa06a|#f7f1e6|#3d2218|22.00|1
MR-303|bottle|Lavender Salt|Bath oil for slow evenings|lavender|#4b4470|#b9a3d0|#f4f1f4|#2f2a4a|32.00|0
MR-304|bottle|Olive Grove|Shampoo for dry hair|olive|#4d5a2c|#c7b66a|#f5f2e4|#303a1b|26.00|0
MR-305|bottle|Neroli Dawn|Conditioner, blossom and zest|citrus|#b0652a|#f0c27a|#faf3e6|#5c3111|26.00|0
MR-401|jar|Shell Clay|Body scrub with white clay|shell|#5d7c8c|#e7c9a9|#f6f3ee|#2f4654|29.00|1
MR-402|jar|Camomile Balm|Rich cream for hands|daisy|#a9822b|#f3dfa0|#fbf6e8|#594310|27.00|0
MR-403|jar|Rose Mallow|Night cream with rose|hibiscus|#96485b|#efc0bb|#fbf0ee|#582431|34.00|0
MR-501|carton|Dune|Dry grass, amber, warm stone|shell|#c9a77c|#8c4f2b|#f8f1e5|#54341d|68.00|1
MR-502|carton|Tide|Salt, iris, cold mornings|sprig|#33566e|#9fc3c7|#eef3f2|#1c3648|68.00|1
MR-503|carton|Garrigue|Thyme, cistus, sun on rock|lavender|#6c7440|#d9c37b|#f5f2e2|#3c4220|72.00|0
MR-504|carton|Orangery|Bitter orange and wax leaf|citrus|#b7521f|#f2b75b|#fbf1e2|#642608|72.00|0
"""
SPORT = """
KV-11|tee|Ridge|Contour print|ridge|#f2f0ea|#1f6f78|#f2f0ea|#153b45|34.00|1
KV-12|tee|Ridge Night|Contour print|ridge|#1c2430|#f0a04b|#f2efe6|#f2efe6|34.00|0
KV-13|tee|Sunline|Low sun print|sun|#24405c|#f28f3b|#f7d9a0|#f7efe0|32.00|1
KV-14|tee|Sunline Sand|Low sun print|sun|#e5d3b3|#b8402e|#7a2d3a|#4a2320|32.00|0
KV-15|tee|Eighty-Seven|Team number|number|#8c1f2b|#f4c95d|#fff4de|#fff4de|36.00|1
KV-16|tee|Forty-Two|Team number|number|#1e5a41|#f1e3b4|#ffffff|#fbf6e4|36.00|0
KV-17|tee|Checker Wave|All-over wave|wave|#fafafa|#2d4b8e|#d7e3f4|#1c2f5c|38.00|0
KV-21|hoodie|Kite|Facet kite|kite|#343a46|#e4572e|#f6c667|#f5f1ea|69.00|1
KV-22|hoodie|Kite Moss|Facet kite|kite|#55633f|#f0c25a|#efe6cd|#f7f3e6|69.00|0
KV-23|hoodie|Burst|Ray print|burst|#d9d4cb|#31507a|#c4472f|#25364f|72.00|1
KV-24|hoodie|Burst Ink|Ray print|burst|#1b1f2b|#c9503c|#e9c87e|#f2ece0|72.00|0
KV-25|hoodie|Orbit|Track lines|orbit|#7a2f45|#f3b664|#f6e3d3|#f9efe6|74.00|0
"""
BAGS = """
CV-01|tote|Lisse|Monogram canvas|monogram|#6b4a33|#d8b98a|#e9d9bd|#3a2518|420.00|1
CV-02|tote|Lisse Bleu|Monogram canvas|monogram|#22344f|#9db4cf|#dfe6ee|#141f30|420.00|0
CV-03|tote|Arcade|Arch print|arches|#a3472f|#f0c9a0|#f6e6d2|#54200f|380.00|1
CV-04|tote|Arcade Vert|Arch print|arches|#2f5a4a|#c3d6b0|#eef0df|#17332a|380.00|0
CV-11|satchel|Meridien|Woven flap|weave|#8a5a2b|#e1b878|#f1e0c4|#452a10|560.00|1
CV-12|satchel|Meridien Noir|Woven flap|weave|#26242a|#77706b|#d9d2c8|#121015|560.00|0
CV-13|satchel|Promenade|Monogram flap|monogram|#7b2d3b|#e3a9a0|#f4dfd8|#421520|590.00|0
CV-21|backpack|Voyage|Monogram body|monogram|#4f5636|#c9c08c|#ecead2|#2a2f1a|690.00|1
CV-22|backpack|Voyage Ecru|Arch body|arches|#c8b08a|#7d5a36|#f3ead8|#4d3720|690.00|0
CV-31|pouch|Petite|Awning stripe|stripe|#1f4d6b|#f2efe6|#f2efe6|#10283a|190.00|1
CV-32|pouch|Petite Rouge|Awning stripe|stripe|#b03a2e|#f7eee0|#f7eee0|#5a1711|190.00|0
CV-33|pouch|Petite Tresse|Woven|weave|#c58f3d|#f3d9a4|#f7ecd3|#5c3d0f|210.00|0
"""


def products(table: str, prefix: int) -> tuple[Product, ...]:
    """The products of one table above; `prefix` numbers the brand in its products' GTINs."""
    made = []
    for number, line in enumerate(table.strip().splitlines(), 1):
        reference_id, form, name, note, motif, ground, accent, paper, ink, price, views = line.split("|")
        colours = Colours(ground, accent, paper, ink)
        code = gtin(prefix, number)
        made.append(Product(reference_id, form, name, note, motif, colours, Decimal(price), code, int(views)))
    return tuple(made)


BRANDS: tuple[DemoBrand, ...] = (
    DemoBrand(
        slug="tamsivo",
        name="Tamsivo",
        mark="cup",
        tagline="TEA & BOTANICALS",
        origin="Blended and packed in small lots",
        colours=Colours("#1f5b4e", "#e9b44c", "#f7f0df", "#173b34"),
        misspelt=("Tamsiva", "Tamzivo"),
        licensed_sellers=("tamsivo-official", "leaf-and-kettle", "pantry-north"),
        nice_classes=(30,),
        currency="EUR",
        products=products(TEAS, 101),
    ),
    DemoBrand(
        slug="mareolle",
        name="Mareolle",
        mark="shell",
        tagline="APOTHECARY OF THE COAST",
        origin="Made by the sea in numbered batches",
        colours=Colours("#33566e", "#c9a45c", "#f6f3ea", "#1c3648"),
        misspelt=("Mareola", "Marcolle"),
        licensed_sellers=("mareolle-boutique", "salt-and-linen"),
        nice_classes=(3,),
        currency="EUR",
        products=products(CARE, 102),
    ),
    DemoBrand(
        slug="kestrova",
        name="Kestrova",
        mark="kite",
        tagline="RUN WITH THE WIND",
        origin="Open country sports club",
        colours=Colours("#24405c", "#e4572e", "#f7efe0", "#1c2430"),
        misspelt=("Kestrava", "Kestroya"),
        licensed_sellers=("kestrova-store", "ridge-runners", "teamwear-depot"),
        nice_classes=(25, 28),
        currency="EUR",
        products=products(SPORT, 103),
    ),
    DemoBrand(
        slug="corvanne",
        name="Corvanne",
        mark="ring",
        tagline="MAROQUINERIE",
        origin="Cut and sewn by hand",
        colours=Colours("#6b4a33", "#d8b98a", "#f1e6d2", "#3a2518"),
        misspelt=("Corvanna", "Corvamne"),
        licensed_sellers=("corvanne-maison", "atelier-selection"),
        nice_classes=(18,),
        currency="EUR",
        products=products(BAGS, 104),
    ),
)


def recoloured(product: Product, colours: Colours) -> Product:
    """The same product in colours the brand never made."""
    return replace(product, colours=colours)
