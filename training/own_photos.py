"""What a workspace teaches: its references, known counterfeits and reviewed listings, a product a photo."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matcher.catalog import Product, list_products
from matcher.labels import labelled_reviews
from matcher.labels.reviewed import Reviewed
from matcher.records import ImageRole, VerdictKind
from matcher.signals import LIKELY
from matcher.workspace import Workspace

if TYPE_CHECKING:
    from sqlalchemy import Connection

_PAGE = 200
FAKE_SIGNAL = "known-counterfeit"


@dataclass(frozen=True)
class OwnPhoto:
    """A photo whose bytes the workspace keeps under `content_hash`.

    `product`: `BRAND/REFERENCE` or the name of a known counterfeit; empty where several share the photo.
    `shop`: it is an image of a reference.
    """

    content_hash: str
    product: str = ""
    shop: bool = False


@dataclass(frozen=True)
class Shown:
    """What a reviewed photo shows: a reference's product, a known counterfeit, or both; '' for neither."""

    content_hash: str
    reference: str
    fake: str


def own_photos(workspace: Workspace) -> list[OwnPhoto]:
    """Every photo with a known product that the default owner's catalog and reviews hold, each once.

    A known counterfeit that a review ties to a reference is one more view of its product. A photo that
    several products share (sizes of one shirt, a placeholder) tells none of them and has no product.
    """
    with workspace.database.read() as connection:
        references = list(_products(connection, ImageRole.REFERENCE))
        fakes = list(_products(connection, ImageRole.KNOWN_COUNTERFEIT))
        shown = [one for reviewed in labelled_reviews(connection) for one in shown_in(reviewed)]
    imitated = _imitated(fakes, shown)
    named: dict[str, set[str]] = defaultdict(set)
    shop = {image.content_hash for product in references for image in product.images}
    for product in [*references, *fakes]:
        name = name_of(product)
        for image in product.images:
            named[image.content_hash].add(imitated.get(name, name))
    known = set(named)
    for one in shown:
        if one.content_hash not in known:
            named[one.content_hash] = {one.reference or imitated.get(one.fake, one.fake)}
    return [
        OwnPhoto(photo, next(iter(names)) if len(names) == 1 else "", photo in shop)
        for photo, names in named.items()
        if workspace.store.has(photo)
    ]


def shown_in(reviewed: Reviewed) -> Iterator[Shown]:
    """What the listing's photos show, as far as its verdict and the reviewer's answer say so together.

    Of a confirmed fake, the reference that a photo likelier shows than not, which the reviewer saw beside
    it. Of a genuine listing, only one that keypoints agree on: the others may be what was wrong.
    """
    confirmed = reviewed.labelled.truth is VerdictKind.COUNTERFEIT
    verdict = reviewed.judged.verdict
    references: dict[int, str] = {}
    for match in verdict.matches:
        if match.score >= LIKELY and (match.verified or confirmed):
            references.setdefault(match.photo, f"{match.brand}/{match.reference_id}")
    fakes = {
        one.photo: fake_name(one.brand, one.reference_id)
        for one in verdict.evidence
        if confirmed and one.signal == FAKE_SIGNAL and one.score >= LIKELY and one.reference_id
    }
    for photo in reviewed.judged.photos:
        reference, fake = references.get(photo.position, ""), fakes.get(photo.position, "")
        if reference or fake:
            yield Shown(photo.content_hash, reference, fake)


def name_of(product: Product) -> str:
    """How the product is told from all others; a reference's as a labelled set's keys have it."""
    if product.role is ImageRole.KNOWN_COUNTERFEIT:
        return fake_name(product.brand, product.reference_id)
    return f"{product.brand}/{product.reference_id}"


def fake_name(brand: str, reference_id: str) -> str:
    """A known counterfeit's name."""
    return f"{FAKE_SIGNAL} {brand}/{reference_id}"


def _imitated(fakes: list[Product], shown: list[Shown]) -> dict[str, str]:
    """The reference that each known counterfeit imitates, by most of what was seen; the others have none."""
    of_photo = {image.content_hash: name_of(fake) for fake in fakes for image in fake.images}
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    for one in shown:
        fake = one.fake or of_photo.get(one.content_hash, "")
        if fake and one.reference:
            votes[fake][one.reference] += 1
    return {fake: counted.most_common(1)[0][0] for fake, counted in votes.items()}


def _products(connection: Connection, role: ImageRole) -> Iterator[Product]:
    after = 0
    while page := list_products(connection, role=role, after=after, limit=_PAGE):
        yield from page
        after = page[-1].product_id
