"""What a line says by the probabilities of its columns (connectionist temporal classification, CTC)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from matcher.records import Score

BLANK = 0
"""The class that stands for no letter."""
UNSURE = 0.97
"""Columns surer than this leave nothing open."""
LEAST = 0.02
"""A class less likely than this in a column is not followed."""
WIDTH = 6
"""Readings kept from column to column."""
CLASSES = 3
"""Classes followed in one column."""
LIKELY = 0.05
"""How likely, beside the first reading, another must be to be told."""


class Reading(NamedTuple):
    """A text, how sure each of its letters is (mean: `score`), and what else it may say, likeliest first."""

    text: str
    score: Score
    letters: tuple[Score, ...]
    others: tuple[str, ...]


def read_columns(columns: NDArray[np.float32], alphabet: Sequence[str]) -> Reading:
    """The likeliest text of `columns`, probabilities of shape (columns, classes), class 0 being no letter.

    A letter's sureness is the highest of the columns that it stands in.
    """
    first = columns.argmax(axis=1)
    sure = columns.max(axis=1)
    signs: list[str] = []
    letters: list[float] = []
    before = BLANK
    for place, sign in enumerate(first.tolist()):
        if sign != BLANK and sign != before:
            signs.append(alphabet[sign])
            letters.append(float(sure[place]))
        elif sign != BLANK:
            letters[-1] = max(letters[-1], float(sure[place]))
        before = sign
    text = "".join(signs)
    told = [Score(round(letter, 4)) for letter in letters]
    return Reading(
        text, round(sum(told) / len(told), 4) if told else 0.0, tuple(told), _others(text, columns, alphabet)
    )


def _others(text: str, columns: NDArray[np.float32], alphabet: Sequence[str]) -> tuple[str, ...]:
    if not len(columns) or float(columns.max(axis=1).min()) >= UNSURE:
        return ()
    found = [("".join(alphabet[sign] for sign in signs), share) for signs, share in _beams(columns)]
    return tuple(other for other, share in found if share >= LIKELY and other != text)


def _beams(columns: NDArray[np.float32]) -> list[tuple[tuple[int, ...], float]]:
    """Readings with their share of all that was followed, likeliest first.

    Prefix beam search (Hannun et al., "First-pass large vocabulary continuous speech recognition using
    bi-directional recurrent DNNs", 2014, section 3), without a language model: letters are not made likelier
    by the words they form, or a near miss would be read as the word it imitates.
    """
    beams: dict[tuple[int, ...], tuple[float, float]] = {(): (1.0, 0.0)}
    for column in columns:
        grown: dict[tuple[int, ...], list[float]] = defaultdict(lambda: [0.0, 0.0])
        for sign in _followed(column):
            share = float(column[sign])
            for signs, (ending_blank, ending_sign) in beams.items():
                both = ending_blank + ending_sign
                if sign == BLANK:
                    grown[signs][0] += both * share
                elif signs and signs[-1] == sign:
                    grown[signs][1] += ending_sign * share
                    grown[*signs, sign][1] += ending_blank * share
                else:
                    grown[*signs, sign][1] += both * share
        kept = sorted(grown.items(), key=lambda one: (-sum(one[1]), one[0]))[:WIDTH]
        total = sum(sum(shares) for _, shares in kept)
        beams = {signs: (shares[0] / total, shares[1] / total) for signs, shares in kept}
    return [(signs, sum(shares)) for signs, shares in beams.items()]


def _followed(column: NDArray[np.float32]) -> list[int]:
    """The likeliest classes of a column; one where it is sure."""
    if float(column.max()) >= UNSURE:
        return [int(column.argmax())]
    top = np.argpartition(column, -CLASSES)[-CLASSES:]
    return sorted((int(one) for one in top if column[one] >= LEAST), key=lambda one: -float(column[one]))
