"""An embedder around the image tower of an OpenCLIP model."""

from __future__ import annotations

import http.client
import logging
import pickle
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Unpack

import open_clip
import torch
from open_clip.pretrained import download_pretrained
from safetensors import SafetensorError

from matcher.errors import ModelError
from matcher.models.torch_device import TorchEmbedder, TorchOptions, digest_tensors, one_line
from matcher.models.torch_header import read_header
from matcher.models.torch_views import Preparation

WEIGHTS_SUFFIXES = (".safetensors", ".pt", ".pth", ".bin")
_PREPROCESSING = ("mean", "std", "interpolation", "resize_mode")
# What open_clip, torch and safetensors raise for files that are not what their name says.
_UNREADABLE = (
    RuntimeError,
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    ImportError,
    EOFError,
    StopIteration,
    pickle.UnpicklingError,
    SafetensorError,
)


class OpenClipEmbedder(TorchEmbedder):
    """The image tower of a CLIP model, prepared as open_clip prepares images; the text tower is not kept."""

    @classmethod
    def load(
        cls, name: str, *, weights: Path | str | None = None, **options: Unpack[TorchOptions]
    ) -> OpenClipEmbedder:
        """`ARCHITECTURE/TAG` (published weights), `ARCHITECTURE/PATH`, or `ARCHITECTURE` and `weights`.

        Published weights are fetched from their hub at first use and kept in its cache. A local file is
        safetensors, or a torch file of tensors alone: nothing is unpickled that could run code. A `STEM.json`
        beside it may hold a `Preparation` where the weights need another than their architecture's published
        ones. Weights trained with QuickGELU (OpenAI's) need the architecture that says so, such as
        `ViT-B-32-quickgelu`.

        Raises `ModelError` where the architecture, tag or file is unknown, or cannot be fetched or loaded.
        """
        architecture, _, rest = name.partition("/")
        config = _config(name, architecture)
        chosen = rest if weights is None else str(weights)
        published = open_clip.get_pretrained_cfg(architecture, chosen) if weights is None else {}
        label = f"open_clip:{architecture}/{chosen if published else Path(chosen).name}"
        path = _fetched(label, architecture, published) if published else _local(name, architecture, chosen)
        if published and config.get("quick_gelu", False) and not published.get("quick_gelu", False):
            raise ModelError(name, f"'{chosen}' was trained without QuickGELU; drop -quickgelu from the name")
        quick = bool(config.get("quick_gelu", False) or published.get("quick_gelu", False))
        model = _created(label, architecture, path, quick)
        beside = path.with_suffix(".json")
        if not published and beside.exists():
            preparation = read_header(label, beside, Preparation)
        else:
            settings = _subset(published) if published else _customary(architecture)
            preparation = _preparation(label, model, settings)
        tower: torch.nn.Module = model.visual
        identity = {
            "adapter": "open_clip",
            "weights": digest_tensors(tower.state_dict()),
            "graph": {"embed_dim": config["embed_dim"], "vision": config["vision_cfg"], "quick_gelu": quick},
        }
        return cls(label, _VectorOnly(tower), preparation, identity=identity, **options)


class _VectorOnly(torch.nn.Module):
    """Some towers (CoCa's) give their tokens beside the vector; only the vector counts."""

    def __init__(self, tower: torch.nn.Module) -> None:
        super().__init__()
        self.tower = tower

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        given = self.tower(images)
        vector: torch.Tensor = given[0] if isinstance(given, tuple) else given
        return vector


def _config(name: str, architecture: str) -> dict[str, Any]:
    known = open_clip.list_models()
    if architecture not in known:
        near = get_close_matches(architecture, known, 1)
        hint = f"did you mean {near[0]}?" if near else "open_clip.list_models() lists them"
        raise ModelError(name, f"open_clip knows no architecture '{architecture[:80]}'; {hint}")
    config: dict[str, Any] = open_clip.get_model_config(architecture)
    return config


def _fetched(label: str, architecture: str, published: dict[str, Any]) -> Path:
    try:
        return Path(download_pretrained(published))
    except (OSError, RuntimeError, ValueError, http.client.HTTPException) as error:
        raise ModelError(
            label,
            f"its weights could not be fetched ({one_line(error)}); allow the network once, "
            f"or name a local file: open_clip:{architecture}/PATH.safetensors",
        ) from error


def _local(name: str, architecture: str, chosen: str) -> Path:
    path = Path(chosen)
    if path.suffix in WEIGHTS_SUFFIXES:
        if not path.is_file():
            raise ModelError(name, f"there is no file {path}; name a file with the weights")
        return path.resolve()
    tags = open_clip.list_pretrained_tags_by_model(architecture)
    known = ", ".join(tags[:8]) or "none"
    raise ModelError(
        name,
        f"'{chosen[:80]}' is no published tag of {architecture} ({known}) "
        f"and no file of weights ({', '.join(WEIGHTS_SUFFIXES)})",
    )


def _created(label: str, architecture: str, path: Path, quick_gelu: bool) -> Any:
    try:
        with warnings.catch_warnings(), _unconfigured_logging():
            # torch warns that a file is a TorchScript archive, and then refuses it in an error.
            warnings.filterwarnings("ignore", "'torch.load' received a zip file", UserWarning)
            # So it does for files of another pickle protocol than its own, and reads or refuses them.
            warnings.filterwarnings("ignore", "Detected pickle protocol", UserWarning)
            return open_clip.create_model(
                architecture,
                pretrained=str(path),
                force_quick_gelu=quick_gelu,
                pretrained_text=False,
                require_pretrained=True,
                weights_only=True,
            )
    except _UNREADABLE as error:
        raise ModelError(
            label, f"{path.name} cannot be loaded as weights of {architecture}: {one_line(error)}"
        ) from error


@contextmanager
def _unconfigured_logging() -> Iterator[None]:
    """Keeps open_clip, which logs through `logging.info`, from setting up a handler where there is none."""
    root, silent = logging.getLogger(), logging.NullHandler()
    root.addHandler(silent)
    try:
        yield
    finally:
        root.removeHandler(silent)


def _subset(published: dict[str, Any]) -> dict[str, Any]:
    # Absent and empty both mean open_clip's own default.
    return {key: published[key] for key in _PREPROCESSING if published.get(key)}


def _customary(architecture: str) -> dict[str, Any]:
    """The preprocessing of the architecture's published weights, where all of them have the same."""
    tags = open_clip.list_pretrained_tags_by_model(architecture)
    customs = [_subset(open_clip.get_pretrained_cfg(architecture, tag)) for tag in tags]
    return customs[0] if customs and all(custom == customs[0] for custom in customs) else {}


def _preparation(label: str, model: Any, settings: dict[str, Any]) -> Preparation:
    default = open_clip.get_model_preprocess_cfg(model)
    size = default["size"]
    height, width = (size, size) if isinstance(size, int) else size
    if height != width:
        raise ModelError(label, f"takes images of {height} x {width} pixels; only square ones are supported")
    merged = {**default, **settings}
    return Preparation(
        input_side=height,
        mean=tuple(merged["mean"]),
        std=tuple(merged["std"]),
        resize=merged["resize_mode"],
        interpolation=merged["interpolation"],
        fill=merged.get("fill_color", 0),
    )
