"""A policy with other thresholds or weights, in which brands keep what they say for themselves."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

from matcher.policy import Policy, Thresholds, Weights


def own_rules(policy: Policy, part: str) -> dict[str, dict[str, float]]:
    """What brands say for themselves in `thresholds` or `weights`, by the keys of the policy's file.

    A policy without a file is taken to say only where a brand differs from everyone.
    """
    if policy.policy_text:
        brands = tomllib.loads(policy.policy_text).get("brands", {})
        return {name: dict(rules.get(part, {})) for name, rules in brands.items()}
    general = getattr(policy, part).model_dump(by_alias=True)
    return {
        name: {
            key: value
            for key, value in getattr(rules, part).model_dump(by_alias=True).items()
            if value != general[key]
        }
        for name, rules in policy.brands.items()
    }


def with_rules(
    policy: Policy, *, thresholds: Thresholds | None = None, weights: Weights | None = None, **others: Any
) -> Policy:
    """`policy` with these for everyone, but for what a brand says for itself; `others`: name, prior …

    Raises `ValidationError` of pydantic where a brand's own threshold then contradicts the general one.
    """
    general: dict[str, Thresholds | Weights] = {
        "thresholds": thresholds or policy.thresholds,
        "weights": weights or policy.weights,
    }
    own = {part: own_rules(policy, part) for part in general}
    brands = {
        name: rules.model_copy(
            update={part: _filled(value, own[part].get(name, {})) for part, value in general.items()}
        )
        for name, rules in policy.brands.items()
    }
    return policy.model_copy(update={**general, **others, "brands": brands})


def _filled(general: Thresholds | Weights, own: Mapping[str, float]) -> Thresholds | Weights:
    return type(general).model_validate({**general.model_dump(by_alias=True), **own}) if own else general
