"""What the embedder is trained to make small, as functions of unit vectors."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def contrastive(
    left: Tensor, right: Tensor, labels: Tensor, memory: Tensor, memory_labels: Tensor, temperature: float
) -> Tensor:
    """Supervised contrastive loss (Khosla et al., NeurIPS 2020) of pairs, with a memory of past views.

    `left`, `right`: (n, dims), `labels`: (n,), `memory`: (m, dims) without gradient, `memory_labels`: (m,).
    With labels all different it is InfoNCE in both directions. Memory only adds negatives: what it holds of
    an item's own label is left out.
    """
    views, names = torch.cat([left, right]), torch.cat([labels, labels])
    near = views @ views.T / temperature
    itself = torch.eye(len(views), dtype=torch.bool, device=views.device)
    same = (names[:, None] == names[None]) & ~itself
    far = views @ memory.T / temperature
    far = far.masked_fill(names[:, None] == memory_labels[None], -torch.inf)
    everything = torch.logsumexp(torch.cat([near.masked_fill(itself, -torch.inf), far], dim=1), dim=1)
    of_label = (near * same).sum(dim=1) / same.sum(dim=1).clamp(min=1)
    return (everything - of_label)[same.any(dim=1)].mean()


def spread(vectors: Tensor) -> Tensor:
    """KoLeo entropy term: descriptors keep away from their nearest (Sablayrolles et al., ICLR 2019)."""
    near = vectors @ vectors.T
    near = near.masked_fill(torch.eye(len(vectors), dtype=torch.bool, device=vectors.device), -1)
    distance = (2 - 2 * near.max(dim=1).values).clamp(min=1e-6).sqrt()
    return -distance.log().mean()


def remembered(student: Tensor, teacher: Tensor) -> Tensor:
    """How far pooled features (n, channels) have turned away from the frozen trunk's, 0 for not at all."""
    return 1 - functional.cosine_similarity(student, teacher, dim=1).mean()


def relations(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """How differently two descriptors rank the other images of the batch: mean Kullback-Leibler divergence.

    Each row is a softmax over the cosines with all others (Park et al., CVPR 2019, relational distillation).
    """
    itself = torch.eye(len(student), dtype=torch.bool, device=student.device)
    rows = [
        functional.log_softmax((x @ x.T / temperature).masked_fill(itself, -1e4), dim=1)
        for x in (student, functional.normalize(teacher, dim=1))
    ]
    return functional.kl_div(rows[0], rows[1].detach(), log_target=True, reduction="batchmean")
