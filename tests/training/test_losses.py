"""The losses: against their definitions written out, and in the order a person would expect."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from training import losses

NOTHING = torch.zeros(0, 8), torch.zeros(0, dtype=torch.long)


def unit(count: int, seed: int = 0) -> Tensor:
    return functional.normalize(torch.randn(count, 8, generator=torch.Generator().manual_seed(seed)), dim=1)


def test_with_labels_all_different_it_is_cross_entropy_in_both_directions() -> None:
    left, right = unit(6), unit(6, 1)
    views = torch.cat([left, right])
    near = (views @ views.T / 0.1).masked_fill(torch.eye(12, dtype=torch.bool), -torch.inf)
    wanted = functional.cross_entropy(near, torch.cat([torch.arange(6, 12), torch.arange(6)]))
    assert losses.contrastive(left, right, torch.arange(6), *NOTHING, 0.1) == pytest.approx(wanted.item())


def test_pairs_that_agree_cost_less_than_pairs_that_do_not() -> None:
    left = unit(6)
    same = losses.contrastive(left, left, torch.arange(6), *NOTHING, 0.1)
    mixed = losses.contrastive(left, left.roll(1, 0), torch.arange(6), *NOTHING, 0.1)
    assert same < mixed


def test_memory_adds_negatives_but_never_of_the_own_label() -> None:
    left, right, labels = unit(4), unit(4, 1), torch.arange(4)
    alone = losses.contrastive(left, right, labels, *NOTHING, 0.1)
    of_others = losses.contrastive(left, right, labels, unit(5, 2), torch.full((5,), 9), 0.1)
    of_its_own = losses.contrastive(left[:1], right[:1], labels[:1], left[:1], labels[:1], 0.1)
    assert of_others > alone
    assert of_its_own == pytest.approx(
        losses.contrastive(left[:1], right[:1], labels[:1], *NOTHING, 0.1).item()
    )


def test_crowded_descriptors_cost_more_than_spread_ones() -> None:
    crowded = functional.normalize(torch.ones(6, 8) + 0.01 * unit(6), dim=1)
    assert losses.spread(crowded) > losses.spread(unit(6))


def test_nothing_is_lost_while_student_and_teacher_agree() -> None:
    features = unit(6).abs() * 3
    assert losses.remembered(features, 2 * features) == pytest.approx(0, abs=1e-6)
    assert losses.relations(functional.normalize(features, dim=1), features, 0.1) == pytest.approx(
        0, abs=1e-6
    )
    assert losses.remembered(features, features.roll(1, 0)) > 0.05
    assert losses.relations(unit(6, 3), features, 0.1) > 0.05
