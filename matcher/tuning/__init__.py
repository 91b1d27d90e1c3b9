"""Fits a policy to labelled listings: thresholds for a wanted precision and, on request, the weights."""

from matcher.tuning.choice import Tuned, Wish, tune
from matcher.tuning.cutting import LEFT_OUT
from matcher.tuning.groups import connected, folds, splits
from matcher.tuning.labelled import Labelled, keys_of
from matcher.tuning.operating import HeldOut, Operating
from matcher.tuning.policy_file import tuned_text

__all__ = [
    "LEFT_OUT",
    "HeldOut",
    "Labelled",
    "Operating",
    "Tuned",
    "Wish",
    "connected",
    "folds",
    "keys_of",
    "splits",
    "tune",
    "tuned_text",
]
