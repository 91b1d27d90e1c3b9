"""What the models say of catalog images: from the catalog's caches, or computed where those are damaged."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from indexes.manifest import REPAIR
from indexes.segment import are_unit
from matcher.catalog import (
    Database,
    ImageStore,
    LiveImage,
    get_descriptors,
    get_keypoints,
    image_facts,
    missing_descriptors,
    missing_keypoints,
    put_descriptors,
    put_keypoints,
)
from matcher.catalog.queries import groups
from matcher.config import ImageSettings
from matcher.errors import CatalogError, MatcherError
from matcher.faults import commit_point
from matcher.images import decode
from matcher.models import Descriptors, KeypointDetector, Keypoints, Pixels, ReferenceEmbedder
from matcher.models.logo_variants import is_blank
from matcher.models.stored_keypoints import pack, unpack
from matcher.signals import ReferenceFacts

BATCH_IMAGES = 64
"""Images computed between two commits, or read at once: 8 MB of keypoints."""
Progress = Callable[[int, int], None]
"""Called with (done, total)."""


@dataclass(frozen=True)
class Features:
    """Of one image: descriptors (views, dims), and keypoints, both rounded as the cache keeps them."""

    descriptors: Descriptors
    keypoints: Keypoints


class Describer:
    """Computes features of catalog images once, and reads them back, under one embedder and one detector.

    `threads`: images computed at a time; decoder, embedder and detector let go of Python's lock.
    """

    def __init__(
        self,
        database: Database,
        store: ImageStore,
        images: ImageSettings,
        *,
        embedder: ReferenceEmbedder,
        detector: KeypointDetector,
        threads: int = 1,
    ) -> None:
        self.database, self.embedder, self.detector = database, embedder, detector
        self._store, self._images, self._threads = store, images, threads

    def fill(self, hashes: Iterable[str], progress: Progress | None = None) -> None:
        """Compute what the caches lack of these contents, a few at a time.

        A content whose file is damaged is left out. Only whether there is an entry is asked, which is quick;
        damage shows where entries are read.
        """
        wanted = self._missing(hashes)
        done = 0
        for group in groups(wanted, BATCH_IMAGES):
            self._describe(group)
            done += len(group)
            if progress:
                progress(done, len(wanted))

    def get(self, hashes: Iterable[str]) -> dict[str, Features]:
        """Features by content hash; what is missing or damaged is computed from the stored image, and kept.

        A content whose file is damaged as well is left out: to report it is `catalog verify`'s.
        """
        wanted = list(dict.fromkeys(hashes))
        found = self._cached(wanted)
        lacking = [content_hash for content_hash in wanted if content_hash not in found]
        if lacking:
            self._describe(lacking)
            found |= self._cached(lacking)
        return found

    def stored_keypoints(self, hashes: Iterable[str]) -> dict[str, bytes]:
        """The cache's keypoints of these contents as bytes, sound or damaged."""
        with self.database.read() as connection:
            return get_keypoints(connection, hashes, self.detector.fingerprint)

    def detect(self, content_hash: str) -> Keypoints:
        """Keypoints from the stored image, with the digits that the cache would give.

        Raises `MatcherError` where there is no such image or it is damaged.
        """
        return unpack(pack(self.detector.detect(self._pixels(content_hash))))

    def problems(self, images: Iterable[LiveImage]) -> list[str]:
        """What the caches lack of these images or hold damaged, a line each; reads every byte of it."""
        return [line for group in groups(images, BATCH_IMAGES) for line in self._problems(group)]

    def _problems(self, images: Sequence[LiveImage]) -> list[str]:
        hashes = [image.content_hash for image in images]
        with self.database.read() as connection:
            descriptors = get_descriptors(connection, hashes, self.embedder.fingerprint)
            blobs = get_keypoints(connection, hashes, self.detector.fingerprint)
            names = {
                fact.image_id: f"{fact.reference_id} of {fact.brand}"
                for fact in image_facts(connection, [image.image_id for image in images])
            }
        lines = []
        for image in images:
            vectors, blob = descriptors.get(image.content_hash), blobs.get(image.content_hash)
            wrong = []
            if vectors is None:
                wrong.append("has no descriptor")
            elif not self._are_sound(vectors):
                wrong.append("its descriptor is damaged")
            if blob is None:
                wrong.append("has no keypoints")
            elif sound_keypoints(blob) is None:
                wrong.append("its keypoints are damaged")
            who = f"image {image.image_id} ({names.get(image.image_id, 'removed just now')})"
            lines += [f"{who}: {what}; {REPAIR}" for what in wrong]
        return lines

    def _missing(self, hashes: Iterable[str]) -> list[str]:
        wanted = list(dict.fromkeys(hashes))
        with self.database.read() as connection:
            missing = set(missing_descriptors(connection, wanted, self.embedder.fingerprint))
            missing |= set(missing_keypoints(connection, wanted, self.detector.fingerprint))
        return [content_hash for content_hash in wanted if content_hash in missing]

    def _cached(self, hashes: Sequence[str]) -> dict[str, Features]:
        """Features of those of which everything is cached and sound."""
        with self.database.read() as connection:
            descriptors = get_descriptors(connection, hashes, self.embedder.fingerprint)
            blobs = get_keypoints(connection, hashes, self.detector.fingerprint)
        return {
            content_hash: Features(vectors, keypoints)
            for content_hash, vectors in descriptors.items()
            if self._are_sound(vectors)
            and content_hash in blobs
            and (keypoints := sound_keypoints(blobs[content_hash])) is not None
        }

    def _are_sound(self, vectors: Descriptors) -> bool:
        """What a gallery takes; damage that leaves a vector at length 1 cannot be told."""
        return vectors.shape[1] == self.embedder.dims and bool(are_unit(vectors).all())

    def _describe(self, hashes: Sequence[str]) -> None:
        with ThreadPoolExecutor(self._threads) as threads:
            computed = list(threads.map(self._computed, hashes))
        found = {name: one for name, one in zip(hashes, computed, strict=True) if one is not None}
        if not found:
            return
        with self.database.write() as connection:
            descriptors = {name: vectors for name, (vectors, _) in found.items()}
            put_descriptors(connection, descriptors, self.embedder.fingerprint)
            keypoints = {name: packed for name, (_, packed) in found.items()}
            put_keypoints(connection, keypoints, self.detector.fingerprint)
        commit_point("features:committed")

    def _computed(self, content_hash: str) -> tuple[Descriptors, bytes] | None:
        """Descriptors and packed keypoints; None of a damaged file, which is `catalog verify`'s to report."""
        try:
            pixels = self._pixels(content_hash)
        except MatcherError:
            return None
        return self.embedder.embed_references([pixels])[0], pack(self.detector.detect(pixels))

    def _pixels(self, content_hash: str) -> Pixels:
        return decode(self._store.get(content_hash), content_hash, self._images).pixels


class LogoDescriber(Describer):
    """The same of logos, under a logo embedder: a white logo without a ground is laid on black."""

    def _pixels(self, content_hash: str) -> Pixels:
        pixels = super()._pixels(content_hash)
        if not is_blank(pixels):
            return pixels
        blob = self._store.get(content_hash)
        return decode(blob, content_hash, self._images, ground="black").pixels


class CatalogKeypoints:
    """Keypoints of references for a scan, the last few hundred kept in memory; may be shared by threads."""

    def __init__(
        self, describer: Describer, facts: Callable[[int], ReferenceFacts | None], *, kept: int = 400
    ) -> None:
        self._describer, self._facts, self._kept = describer, facts, kept
        self._recent: OrderedDict[int, Keypoints] = OrderedDict()
        self._recalling = threading.Lock()

    def get(self, image_ids: Sequence[int]) -> Mapping[int, Keypoints]:
        """Keypoints by image id; an image that has left the catalog and its store is left out.

        Where the cache lacks or garbles them they are found again in the stored image. Raises `CatalogError`
        where that is damaged as well, as a verdict without this reference might be wrong.
        """
        with self._recalling:
            found = {image_id: self._recent[image_id] for image_id in image_ids if image_id in self._recent}
        wanted = {i: facts for i in image_ids if i not in found and (facts := self._facts(i))}
        if wanted:
            blobs = self._describer.stored_keypoints(facts.content_hash for facts in wanted.values())
            for image_id, facts in wanted.items():
                keypoints = self._keypoints(facts, blobs.get(facts.content_hash))
                if keypoints is not None:
                    found[image_id] = keypoints
        self._keep(found)
        return found

    def _keep(self, found: Mapping[int, Keypoints]) -> None:
        with self._recalling:
            for image_id, keypoints in found.items():
                self._recent[image_id] = keypoints
                self._recent.move_to_end(image_id)
            while len(self._recent) > max(self._kept, len(found)):
                self._recent.popitem(last=False)

    def _keypoints(self, facts: ReferenceFacts, blob: bytes | None) -> Keypoints | None:
        found = None if blob is None else sound_keypoints(blob)
        if found is not None:
            return found
        try:
            return self._describer.detect(facts.content_hash)
        except MatcherError as error:
            if blob is None:
                return None
            raise CatalogError(
                f"reference '{facts.reference_id}' of {facts.brand}: its keypoints and its image file are "
                "damaged: import it again"
            ) from error


def sound_keypoints(blob: bytes) -> Keypoints | None:
    """What was packed into `blob`; None where it is damaged."""
    try:
        return unpack(blob)
    except ValueError:
        return None
