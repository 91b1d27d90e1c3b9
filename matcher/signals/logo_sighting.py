"""A logo that a region of a photo may hold: what is kept of it by the photo's content."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from matcher.records import Record

Share = Annotated[float, Field(ge=0, le=1)]


class LogoSighting(Record):
    """One catalogued logo in one region of a photo; JSON-able.

    `box`: the region as shares of the photo's sides, `x1 y1 x2 y2`. `score`: the calibrated probability that
    it holds the logo's brand. `cosine`: of the descriptors. `found`: the detector's score. `inliers`: how
    many keypoints agree, None where the logo has too little texture to ask.
    """

    image_id: int
    box: tuple[Share, Share, Share, Share]
    score: Share
    cosine: Annotated[float, Field(ge=-1.001, le=1.001)]
    found: Share
    inliers: int | None = None
