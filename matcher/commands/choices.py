"""The words that options take, spelled out here so that showing help loads no records."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What imported images stand for; the values of `matcher.records.ImageRole`."""

    REFERENCE = "reference"
    LOGO = "logo"
    KNOWN_COUNTERFEIT = "known-counterfeit"


class Answer(StrEnum):
    """What a reviewer says; the values of `matcher.records.ReviewAnswer`."""

    CONFIRM = "confirm"
    REJECT = "reject"
    UNSURE = "unsure"


class Engine(StrEnum):
    """What a scan runs on."""

    LOCAL = "local"
    RAY = "ray"
