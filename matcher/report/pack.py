"""An evidence pack: everything that speaks for one verdict in a ZIP file, with checksums and times in UTC."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO

from matcher.outputs import verdict_record
from matcher.records import ReviewAnswer
from matcher.report import words
from matcher.report.card import Card

SUMS = "SHA256SUMS"
_ANSWERS = {
    ReviewAnswer.CONFIRM: "a fake",
    ReviewAnswer.REJECT: "no fake",
    ReviewAnswer.UNSURE: "unsure",
}
_ODD = re.compile(r"[^\w.-]+")


@dataclass(frozen=True)
class PackedImage:
    """An image file that goes into a pack; `source` says where it came from, `content` holds its bytes."""

    name: str
    source: str
    kind: str
    content: bytes


@dataclass(frozen=True)
class PackedAnswer:
    """What a person said of the listing, and when."""

    answer: ReviewAnswer
    reviewer: str
    note: str
    time: datetime


@dataclass(frozen=True)
class Pack:
    """What a pack is made of.

    `side_by_side` and `keypoints` are PNG files of photo and reference, with the regions drawn and with lines
    between keypoints that agree; empty where there is nothing to draw.
    """

    card: Card
    photos: Sequence[PackedImage]
    references: Sequence[PackedImage]
    answers: Sequence[PackedAnswer]
    side_by_side: bytes
    keypoints: bytes
    examined: datetime
    made: datetime

    def files(self) -> dict[str, PackedImage]:
        """The images by the names that they have in the pack."""
        return {**dict(_named("photos", self.photos)), **dict(_named("references", self.references))}


def write_pack(file: IO[bytes], pack: Pack) -> None:
    """Write the ZIP into `file`: photos, references, both side by side, the verdict, words and checksums."""
    contents = dict(_contents(pack))
    sums = "".join(f"{hashlib.sha256(blob).hexdigest()}  {name}\n" for name, blob in contents.items())
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, blob in {**contents, SUMS: sums.encode()}.items():
            entry = zipfile.ZipInfo(name, pack.made.astimezone(UTC).timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED if _is_text(name) else zipfile.ZIP_STORED
            archive.writestr(entry, blob)


def _contents(pack: Pack) -> Iterator[tuple[str, bytes]]:
    yield "evidence.txt", "\n".join(_lines(pack)).encode("utf-8", "backslashreplace")
    yield "verdict.json", _json(verdict_record(pack.card.row.verdict))
    yield "listing.json", _json(pack.card.row.listing.model_dump(mode="json"))
    if pack.side_by_side:
        yield "side-by-side.png", pack.side_by_side
    if pack.keypoints:
        yield "keypoints.png", pack.keypoints
    for name, image in pack.files().items():
        yield name, image.content


def _named(folder: str, images: Sequence[PackedImage]) -> Iterator[tuple[str, PackedImage]]:
    """Names that mean the same on every computer; the number keeps them apart."""
    for number, image in enumerate(images, 1):
        plain = _ODD.sub("-", image.name).strip(".-")[:60] or "image"
        yield f"{folder}/{number:02d}-{plain}.{image.kind}", image


def facts_of(pack: Pack) -> dict[str, str]:
    """What is known of the offer and when it was examined, in words; what is not known is left out."""
    listing, verdict = pack.card.row.listing, pack.card.row.verdict
    facts = {
        "Listing": listing.listing_id, "Title": listing.title, "Seller": listing.seller_id,
        "Address": listing.url, "Price": words.money(listing.price, listing.currency),
        "Brand": verdict.brand, "Verdict": f"{verdict.verdict.value}, {likely(pack)}",
        "Examined": _time(pack.examined), "Packed": _time(pack.made),
    }  # fmt: skip
    return {name: plain(text) for name, text in facts.items() if text}


def likely(pack: Pack) -> str:
    """How likely it is a fake, in words."""
    return f"{words.percent(pack.card.row.verdict.score)} likely a fake"


def answers_of(pack: Pack) -> list[str]:
    """What people said, a line each, oldest first."""
    return [
        f"{_time(one.time)} {plain(one.reviewer) or 'someone'}: {_ANSWERS[one.answer]}"
        + (f": {plain(one.note)}" if one.note else "")
        for one in pack.answers
    ]


def _lines(pack: Pack) -> Iterator[str]:
    yield from ("EVIDENCE", "")
    yield from (f"{name + ':':<10}{text}" for name, text in facts_of(pack).items())
    yield from ("", "Why")
    yield from (f"- {plain(reason)}" for reason in pack.card.row.verdict.reasons)
    yield from ("", "What was found (numbers are those drawn in side-by-side.png)")
    for line in pack.card.evidence:
        yield f"{line.number}. {line.name}: {plain(line.found)} (sure {line.sure}, weight {line.weight})"
    if pack.answers:
        yield from ("", "What people said", *(f"- {line}" for line in answers_of(pack)))
    if pack.keypoints:
        yield from ("", "keypoints.png: keypoints of photo and reference that agree")
    yield from ("", "Files")
    for name, image in pack.files().items():
        yield f"- {name}: {plain(image.source)}"
    yield from ("", "Photos are as they were fetched, without metadata such as place and camera.",
                f"{SUMS} holds the SHA-256 of every file; check with: sha256sum -c {SUMS}", "")  # fmt: skip


def plain(text: str) -> str:
    """`text` on one line, characters that hide or reorder others shown by number."""
    return words.in_plain_text(" ".join(text.split()))


def _time(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _json(record: object) -> bytes:
    return (json.dumps(record, ensure_ascii=False, indent=2) + "\n").encode("utf-8", "backslashreplace")


def _is_text(name: str) -> bool:
    return name.endswith((".txt", ".json", SUMS))
