"""The policy: how much each finding weighs and where a verdict begins, read from a versioned TOML file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from matcher.errors import ConfigError
from matcher.records import Evidence, brand_key
from matcher.toml_files import parse_toml, read_toml

DEFAULT = "policies/default.toml"
_START_FROM = "`matcher policy show --shipped` prints a whole policy to start from"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Thresholds(_Part):
    """Probabilities from which on a listing goes to review, or is called counterfeit."""

    review: float = Field(gt=0, le=1)
    counterfeit: float = Field(gt=0, le=1)

    @model_validator(mode="after")
    def _review_comes_first(self) -> Thresholds:
        if self.review > self.counterfeit:
            raise ValueError(f"review ({self.review}) is above counterfeit ({self.counterfeit})")
        return self


class Weights(_Part):
    """Log-odds that a finding adds when it is entirely sure; only a licensed seller's are negative.

    A policy written before texts or logos were judged names no weight for them: they then decide nothing.
    """

    copied: float = Field(ge=0, alias="copy")
    product: float = Field(ge=0)
    known_counterfeit_copy: float = Field(ge=0)
    known_counterfeit_product: float = Field(ge=0)
    price: float = Field(ge=0)
    seller_unlicensed: float = Field(ge=0)
    seller_licensed: float = Field(le=0)
    logo: float = Field(0.0, ge=0)
    logo_look_alike: float = Field(0.0, ge=0)
    wordmark: float = Field(0.0, ge=0)
    wordmark_near_miss: float = Field(0.0, ge=0)
    claims: float = Field(0.0, ge=0)
    title: float = Field(0.0, ge=0)

    def of(self, evidence: Evidence) -> float:
        """The weight of such evidence at score 1; 0 for a signal that this policy does not weigh."""
        match evidence.signal:
            case "copy":
                return self.copied
            case "product":
                return self.product
            case "known-counterfeit":
                copied = evidence.detail.get("kind") == "copy"
                return self.known_counterfeit_copy if copied else self.known_counterfeit_product
            case "price":
                return self.price
            case "seller":
                licensed = evidence.detail.get("licensed") is True
                return self.seller_licensed if licensed else self.seller_unlicensed
            case "logo":
                return self.logo_look_alike if evidence.detail.get("kind") == "look-alike" else self.logo
            case "wordmark":
                return (
                    self.wordmark_near_miss if evidence.detail.get("kind") == "near-miss" else self.wordmark
                )
            case "claims":
                return self.claims
            case "title":
                return self.title
            case _:
                return 0.0


class Rules(_Part):
    """What holds for one brand."""

    thresholds: Thresholds
    weights: Weights


class Policy(Rules):
    """Weights and thresholds under a name and version.

    `prior`: log-odds of a fake before any evidence. `brands`: whole rules by brand name, see `brand_key`.
    `policy_text` is the file as it was read: it alone gives the same policy again, see `parse_policy`.
    """

    name: str = Field(pattern=r"^[^\s@]+$")
    version: int = Field(ge=1)
    prior: float
    brands: dict[str, Rules] = Field(default_factory=dict)
    policy_text: str = Field("", repr=False, exclude=True)

    @property
    def label(self) -> str:
        """Name and version, such as `default@1`."""
        return f"{self.name}@{self.version}"

    def rules(self, brand: str) -> Rules:
        """What holds for `brand`: its own rules, or everyone's."""
        spelled = _spelled(tuple(self.brands)).get(brand_key(brand))
        return self if spelled is None else self.brands[spelled]

    def brands_not_in(self, known: Iterable[str]) -> tuple[str, ...]:
        """The brands that have rules of their own here and are none of `known`, as the policy spells them."""
        keys = {brand_key(name) for name in known}
        return tuple(name for name in self.brands if brand_key(name) not in keys)

    @field_validator("brands")
    @classmethod
    def _each_brand_once(cls, brands: dict[str, Rules]) -> dict[str, Rules]:
        first: dict[str, str] = {}
        for name in brands:
            if (other := first.setdefault(brand_key(name), name)) != name:
                raise ValueError(
                    f"{other!r} and {name!r} are one brand to the catalog; keep one of the two tables"
                )
        return brands


@lru_cache(maxsize=16)
def _spelled(names: tuple[str, ...]) -> Mapping[str, str]:
    """Each brand's name as a policy spells it, by its key; kept, as it is asked for with each evidence."""
    return {brand_key(name): name for name in names}


def load_policy(path: Path | None = None) -> Policy:
    """The policy at `path`, or the shipped one; raises `ConfigError` naming the first wrong key."""
    if path is None:
        return parse_policy(files("matcher").joinpath(DEFAULT).read_text(encoding="utf-8"), "default policy")
    return parse_policy(read_toml(path)[0], str(path))


def parse_policy(text: str, source: str) -> Policy:
    """The policy that `text` spells out; raises `ConfigError` naming `source` and the first wrong key."""
    table = parse_toml(text, source)
    if "policy_text" in table:
        raise ConfigError(source, "policy_text", "unknown key")
    try:
        return Policy.model_validate({**_with_whole_rules(table), "policy_text": text})
    except ValidationError as error:
        raise _named(source, error) from error


def _with_whole_rules(table: dict[str, Any]) -> dict[str, Any]:
    """Each brand's table filled up with what holds for everyone; what is no table is left to validation."""
    brands = table.get("brands", {})
    if not isinstance(brands, dict):
        return table
    return {**table, "brands": {name: _filled(rules, table) for name, rules in brands.items()}}


def _filled(rules: Any, table: Mapping[str, Any]) -> Any:
    if not isinstance(rules, dict):
        return rules
    filled = dict(rules)
    for part in ("thresholds", "weights"):
        general, own = table.get(part, {}), rules.get(part, {})
        filled[part] = {**general, **own} if isinstance(general, dict) and isinstance(own, dict) else own
    return filled


def _named(source: str, error: ValidationError) -> ConfigError:
    first = min(
        error.errors(), key=lambda one: one["loc"][:1] == ("brands",)
    )  # everyone's rules before a brand's
    key = ".".join(str(part) for part in first["loc"])
    reason = {"extra_forbidden": "unknown key", "missing": f"is missing; {_START_FROM}"}
    return ConfigError(source, key, reason.get(first["type"], first["msg"].removeprefix("Value error, ")))
