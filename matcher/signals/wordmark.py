"""`wordmark`: text in a photo is a brand's wordmark, or almost."""

from __future__ import annotations

from matcher.records import Evidence
from matcher.signals import Examination


class WordmarkSignal:
    """Finds each brand's most telling text in the photos; silent where no text was read."""

    name = "wordmark"

    def examine(self, examination: Examination) -> list[Evidence]:
        """One piece of evidence a brand, a near miss before a wordmark.

        `detail.kind`: `exact`, `variant` (another script or spelling, joined, spaced, inside a word: `how`)
        or `near-miss`; `text` as read, `wordmark` as the brand writes it, `confidence` of the reader,
        `context` that supports it.
        """
        texts = examination.texts
        return [
            Evidence(
                signal=self.name,
                score=one.score,
                brand=brand,
                photo=one.photo.position,
                region=one.region,
                detail=texts.detail(one),
            )
            for brand, one in texts.inscriptions.items()
        ]
