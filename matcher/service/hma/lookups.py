"""`/h/hash`, `/m/lookup`, `/m/raw_lookup`: a photo's hashes, and what of the owner's catalog they match."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, File, Query, UploadFile
from pydantic import BaseModel

from matcher.catalog import Scope
from matcher.errors import ImageError
from matcher.service.access import Caller, allowed
from matcher.service.hma.signals import Match, matches_of, signals_of
from matcher.service.problems import RESPONSES, RefusedError

router = APIRouter(tags=["hasher-matcher-actioner"], responses=RESPONSES)
Prober = Annotated[Caller, allowed(Scope.HASHES)]
Url = Annotated[str, Query(max_length=8_192, description="Where the photo is.")]
Types = Annotated[str, Query(max_length=200, description="Signal types, joined by commas; all where empty.")]
ContentType = Annotated[str, Query(max_length=40, description="Only `photo` is known.")]
Signal = Annotated[str, Query(max_length=20_000, description="A hash, as `/h/hash` gives it.")]
SignalType = Annotated[str, Query(max_length=40, description="`pdq` or `descriptor`.")]
Banks = Annotated[str, Query(max_length=20_000, description="Names of brands, joined by commas.")]
Photo = Annotated[UploadFile, File(description="The photo.")]


class MatchWithDistance(BaseModel):
    """A reference by its number, and how far it is: bits for `pdq`, 1 - cosine for `descriptor`."""

    bank_content_id: int
    distance: str


class RawMatches(BaseModel):
    """The references that match, nearest first."""

    matches: list[int | MatchWithDistance]


ByBank = dict[str, list[MatchWithDistance]]


@router.get("/h/hash")
def hash_url(
    caller: Prober, url: Url, content_type: ContentType = "photo", types: Types = ""
) -> dict[str, str]:
    """The hashes of the photo at an address, which is fetched from vetted hosts only."""
    return signals_of(caller, fetched(caller, url, content_type), types)


@router.post("/h/hash")
def hash_file(caller: Prober, photo: Photo, types: Types = "") -> dict[str, str]:
    """The hashes of a photo."""
    return signals_of(caller, sent(caller, photo), types)


@router.get("/m/raw_lookup")
def raw_lookup(
    caller: Prober,
    signal: Signal,
    signal_type: SignalType,
    banks: Banks = "",
    include_distance: bool = False,
) -> RawMatches:
    """The numbers of the references that a hash matches."""
    _count(caller)
    found = matches_of(caller, signal_type, signal, _names(banks))
    return RawMatches(matches=[_told(one) if include_distance else one.content_id for one in found])


@router.get("/m/lookup")
def lookup(
    caller: Prober,
    url: Url = "",
    content_type: ContentType = "photo",
    types: Types = "",
    signal: Signal = "",
    signal_type: SignalType = "",
    banks: Banks = "",
) -> ByBank | dict[str, ByBank]:
    """What a hash matches, by bank; or the photo at an address, by signal type and bank."""
    if bool(url) == bool(signal and signal_type):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "give url, or signal and signal_type")
    if signal:
        _count(caller)
        return _by_bank(matches_of(caller, signal_type, signal, _names(banks)))
    return _looked_up(caller, fetched(caller, url, content_type), types, banks)


@router.post("/m/lookup")
def lookup_file(caller: Prober, photo: Photo, types: Types = "", banks: Banks = "") -> dict[str, ByBank]:
    """What a photo matches, by signal type and bank."""
    return _looked_up(caller, sent(caller, photo), types, banks)


def _looked_up(caller: Caller, blob: bytes, types: str, banks: str) -> dict[str, ByBank]:
    _count(caller)
    signals = signals_of(caller, blob, types)
    names = _names(banks)
    return {kind: _by_bank(matches_of(caller, kind, value, names)) for kind, value in signals.items()}


def _count(caller: Caller) -> None:
    """A look-up tells whether something is in a catalog, so each key may make few of them."""
    most = caller.service.workspace.settings.service.lookups_per_minute
    if wait := caller.service.rates.wait_of(f"look-ups of {caller.prefix}", most):
        detail = f"a key may look hashes up {most:,} times a minute (service.lookups_per_minute)"
        raise RefusedError(HTTPStatus.TOO_MANY_REQUESTS, detail, {"Retry-After": str(wait)})


def fetched(caller: Caller, url: str, content_type: str) -> bytes:
    """The photo at an address."""
    if content_type != "photo":
        raise RefusedError(HTTPStatus.BAD_REQUEST, "only content of the type 'photo' is known")
    return caller.service.fetcher.fetch(url)


def sent(caller: Caller, photo: UploadFile) -> bytes:
    """The photo of a form."""
    limit = caller.service.workspace.settings.images.max_bytes
    blob = photo.file.read(limit + 1)
    if len(blob) > limit:
        raise ImageError("the photo", f"is larger than {limit:,} bytes (images.max_bytes)")
    return blob


def _names(banks: str) -> frozenset[str]:
    return frozenset(name.strip() for name in banks.split(",") if name.strip())


def _told(match: Match) -> MatchWithDistance:
    return MatchWithDistance(bank_content_id=match.content_id, distance=match.distance)


def _by_bank(found: list[Match]) -> ByBank:
    told: ByBank = {}
    for match in found:
        told.setdefault(match.bank, []).append(_told(match))
    return told
