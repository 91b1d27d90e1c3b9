"""An embedder around a TorchScript file that a user names."""

from __future__ import annotations

import hashlib
import io
import warnings
from pathlib import Path
from typing import Unpack

import torch
from pydantic import Field

from matcher.errors import ModelError
from matcher.models.torch_device import TorchEmbedder, TorchOptions, choose_device, one_line
from matcher.models.torch_header import read_header
from matcher.models.torch_views import Preparation


class ScriptHeader(Preparation):
    """The optional JSON beside a TorchScript file; `sha256`, in hexadecimal, is checked where given."""

    input_side: int = Field(288, ge=16, le=2048)
    sha256: str | None = Field(None, pattern="^[0-9a-f]{64}$")


class TorchscriptEmbedder(TorchEmbedder):
    """A TorchScript network that takes normalised RGB, float32 (n, 3, side, side), and gives (n, dims).

    Such a file is code as well as weights: loading it runs what its author wrote. The matcher never picks one
    by itself; name only files that you trust.
    """

    @classmethod
    def load(cls, path: Path | str, **options: Unpack[TorchOptions]) -> TorchscriptEmbedder:
        """The network in the file `path`, prepared as the JSON of the same stem says (`ScriptHeader`).

        Without one: squashed to 288 pixels square, ImageNet's mean and deviation. Raises `ModelError` where a
        file cannot be read, is not TorchScript, or does not give vectors.
        """
        path = Path(path)
        name = f"torchscript:{path.name}"
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ModelError(name, f"{path} cannot be read: {error.strerror}; name another file") from error
        beside = path.with_suffix(".json")
        header = read_header(name, beside, ScriptHeader) if beside.exists() else ScriptHeader()
        sha256 = hashlib.sha256(content).hexdigest()
        if header.sha256 not in (None, sha256):
            raise ModelError(name, f"is not the file {beside.name} describes: its SHA-256 is {sha256}")
        device = choose_device(options.get("device", "auto"), name)
        network = _PlainlyRun(_opened(name, content, device))
        identity = {"adapter": "torchscript", "weights": sha256}
        return cls(name, network, header, identity=identity, **options)


class _PlainlyRun(torch.nn.Module):
    """Runs a script as it stands: torch's optimiser rewrites it, and its digits, after some calls."""

    def __init__(self, script: torch.nn.Module) -> None:
        super().__init__()
        self.script = script

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        with torch.jit.optimized_execution(False):  # type: ignore[attr-defined]
            given: torch.Tensor = self.script(images)
        return given


def _opened(name: str, content: bytes, device: torch.device) -> torch.nn.Module:
    load = getattr(getattr(torch, "jit", None), "load", None)
    if load is None:
        raise ModelError(name, f"torch {torch.__version__} cannot run TorchScript; install an older torch")
    try:
        with warnings.catch_warnings():
            # torch 2.14 says at each load that TorchScript is deprecated; the user has only this file.
            for category in (FutureWarning, DeprecationWarning):
                warnings.filterwarnings("ignore", r"`?torch\.jit", category)
            script: torch.nn.Module = load(io.BytesIO(content), map_location=device)
    except (RuntimeError, ValueError, OSError, NotImplementedError, AttributeError) as error:
        raise ModelError(name, f"is not a TorchScript file that torch can load: {one_line(error)}") from error
    return script
