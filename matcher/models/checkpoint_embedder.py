"""An embedder from a checkpoint of our own training: weights in safetensors and a JSON header."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Literal, Unpack

import torch
from pydantic import Field, JsonValue
from safetensors import SafetensorError
from safetensors import torch as safetensors_torch

from matcher.errors import ModelError
from matcher.files import replacing
from matcher.models.torch_device import TorchEmbedder, TorchOptions, one_line
from matcher.models.torch_header import read_header
from matcher.models.torch_trunks import feature_map, make_trunk
from matcher.models.torch_views import Preparation


class CheckpointHeader(Preparation):
    """What `STEM.json` says of the weights in `STEM.safetensors` beside it.

    A checkpoint is a trunk (the model `trunk` of `trunk_source`, without its classifier), a pooling of its
    feature map to one vector, and with `projection` a linear layer to `dims`. Tensors are named `trunk.…` as
    the source names them, `projection.weight` (dims, channels) and `projection.bias`. `pool`: `gem` is the
    generalised mean with exponent `gem_p` (Radenović, Tolias & Chum, TPAMI 2019, section 3.2), `mean` and
    `max` its limits. `sha256` is the weights file's, in hexadecimal. `notes` hold whatever the training wants
    to tell, and change no descriptor.
    """

    format: Literal[1] = 1
    trunk: str = Field(max_length=100)
    trunk_source: Literal["torchvision", "timm"]
    dims: int = Field(ge=1, le=16384)
    pool: Literal["gem", "mean", "max"] = "gem"
    gem_p: float = Field(3.0, ge=1, le=20)
    projection: bool = False
    sha256: str = Field("", pattern="^([0-9a-f]{64})?$")
    notes: dict[str, JsonValue] = Field(default_factory=dict)


class CheckpointNetwork(torch.nn.Module):
    """The network a header describes: float32 (n, 3, side, side) to (n, dims); random until loaded.

    Raises `ModelError` for model `name` where the trunk is unknown, gives no feature map, or is not `dims`
    wide.
    """

    def __init__(self, header: CheckpointHeader, *, name: str = "checkpoint") -> None:
        super().__init__()
        self.pool, self.gem_p = header.pool, header.gem_p
        self.trunk, channels = make_trunk(name, header.trunk_source, header.trunk, header.input_side)
        if not header.projection and channels != header.dims:
            raise ModelError(
                name, f"dims is {header.dims}, but trunk {header.trunk} gives {channels} without a projection"
            )
        self.projection = torch.nn.Linear(channels, header.dims) if header.projection else torch.nn.Identity()

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Vectors (n, dims), not yet of unit length."""
        # Powers of half-precision numbers overflow, so pooling is in float32.
        features = feature_map(self.trunk, images).float()
        vectors: torch.Tensor = self.projection(self._pooled(features))
        return vectors

    def _pooled(self, features: torch.Tensor) -> torch.Tensor:
        if self.pool == "mean":
            return features.mean((2, 3))
        if self.pool == "max":
            return features.amax((2, 3))
        return features.clamp(min=1e-6).pow(self.gem_p).mean((2, 3)).pow(1 / self.gem_p)


class CheckpointEmbedder(TorchEmbedder):
    """A checkpoint that runs in torch."""

    header: CheckpointHeader

    @classmethod
    def load(cls, path: Path | str, **options: Unpack[TorchOptions]) -> CheckpointEmbedder:
        """The checkpoint `path`: `STEM.safetensors` with `STEM.json` beside it, or a folder with one pair.

        Weights are read once, checked against the header's SHA-256, and never unpickled. Raises `ModelError`
        where a file is missing, damaged or does not fit its header.
        """
        name = f"checkpoint:{Path(path).name}"
        weights = _weights_file(name, Path(path))
        header = read_header(name, weights.with_suffix(".json"), CheckpointHeader)
        content = _checked(name, weights, header)
        network = CheckpointNetwork(header, name=name)
        _fill(name, network, content)
        graph = header.model_dump(include={"format", "trunk", "trunk_source", "pool", "gem_p", "projection"})
        identity = {"adapter": "checkpoint", "weights": header.sha256, "graph": graph}
        embedder = cls(name, network, header, identity=identity, **options)
        embedder.header = header
        return embedder


def write_checkpoint(path: Path, header: CheckpointHeader, network: CheckpointNetwork) -> CheckpointHeader:
    """Write `network` to `path` (`STEM.safetensors`) and `header` beside it; gives the header with SHA-256.

    Raises `UsageError` where the folder cannot be written.
    """
    tensors = {key: tensor.detach().cpu().contiguous() for key, tensor in network.state_dict().items()}
    content = safetensors_torch.save(tensors)
    header = header.model_copy(update={"sha256": hashlib.sha256(content).hexdigest()})
    with replacing(path, path.with_suffix(".json")) as (weights, beside):
        weights.write(content)
        beside.write(header.model_dump_json(indent=2).encode() + b"\n")
    return header


def _weights_file(name: str, path: Path) -> Path:
    if not path.is_dir():
        if path.suffix != ".safetensors":
            raise ModelError(name, f"{path} is no folder and no .safetensors file; name one of these")
        return path
    found = sorted(path.glob("*.safetensors"))
    if len(found) != 1:
        raise ModelError(name, f"{path} holds {len(found)} .safetensors files; name the one to load")
    return found[0]


def _checked(name: str, weights: Path, header: CheckpointHeader) -> bytes:
    if not header.sha256:
        raise ModelError(name, f"{weights.stem}.json records no sha256 of the weights; add it")
    try:
        content = weights.read_bytes()
    except OSError as error:
        raise ModelError(name, f"{weights} cannot be read: {error.strerror}") from error
    sha256 = hashlib.sha256(content).hexdigest()
    if sha256 != header.sha256:
        raise ModelError(
            name, f"{weights.name} is damaged or another file: its SHA-256 is {sha256}, not {header.sha256}"
        )
    return content


def _fill(name: str, network: CheckpointNetwork, content: bytes) -> None:
    try:
        network.load_state_dict(safetensors_torch.load(content))
    except (SafetensorError, RuntimeError, ValueError, KeyError) as error:
        raise ModelError(name, f"the weights do not fit the header: {one_line(error)}") from error
