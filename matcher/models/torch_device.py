"""Running a torch network over views of images: which device, in what precision, in which batches."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import islice
from typing import Any, Literal, TypedDict

import numpy as np
import torch

from matcher.errors import DescriptorError, ModelError, UsageError
from matcher.models import Descriptors, Pixels
from matcher.models.torch_views import (
    PHOTO_BOXES,
    REFERENCE_BOXES,
    Preparation,
    checked_boxes,
    crop,
    planes,
    prepare,
)
from matcher.models.views import WHOLE, Box

FINGERPRINT_FORMAT = 1
SHORTEST_VECTOR = 1e-12

Precision = Literal["auto", "float32", "bfloat16", "float16"]
_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


class TorchOptions(TypedDict, total=False):
    """What every torch embedder may be told.

    `device`: `auto` (the first GPU if there is one), `cpu`, `cuda` or `cuda:N`. `precision`: `auto` is
    float32 on CPU, on GPU autocast to bfloat16 where the GPU has it and to float16 elsewhere. `batch_size`:
    views in one pass on GPU; a CPU takes one. Boxes are shares of the image; `photo_boxes` starts with
    the whole photo.
    """

    device: str
    precision: Precision
    batch_size: int
    reference_boxes: Sequence[Box]
    photo_boxes: Sequence[Box]


def choose_device(wanted: str, name: str) -> torch.device:
    """The device called `wanted`; raises `ModelError` for model `name` where it is unknown or absent."""
    available = torch.cuda.is_available()
    if wanted == "auto":
        return torch.device("cuda:0" if available else "cpu")
    kind, _, number = wanted.partition(":")
    if kind not in ("cpu", "cuda") or (number and not (kind == "cuda" and number.isdecimal())):
        raise ModelError(name, f"unknown device '{wanted[:40]}'; name auto, cpu, cuda or cuda:N")
    if kind == "cpu":
        return torch.device("cpu")
    if not available or int(number or 0) >= torch.cuda.device_count():
        raise ModelError(name, f"this machine offers no device '{wanted[:40]}' to torch; name auto or cpu")
    return torch.device("cuda", int(number or 0))


def choose_precision(wanted: str, device: torch.device, name: str) -> str:
    """`float32`, `bfloat16` or `float16`; raises `ModelError` where `device` cannot do what is wanted."""
    if wanted == "auto":
        if device.type == "cpu":
            return "float32"
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float16"
    if wanted not in _DTYPES:
        raise ModelError(name, f"unknown precision '{wanted[:40]}'; name auto, float32, bfloat16 or float16")
    if device.type == "cpu" and wanted != "float32":
        raise ModelError(name, f"precision {wanted} needs a GPU; name auto or float32")
    return wanted


def digest_tensors(tensors: Mapping[str, torch.Tensor]) -> str:
    """SHA-256, in hexadecimal, of the tensors' names, types, shapes and bytes, in whatever order."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def one_line(error: BaseException) -> str:
    """What a library's error says, its first line only and not too long, to stand inside a `ModelError`."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    # torch says "Error(s) in loading state_dict for X:" and only then what is wrong.
    text = " ".join(lines[:2]) if lines and lines[0].endswith(":") else (lines or [type(error).__name__])[0]
    return text if len(text) <= 240 else text[:239] + "…"


class TorchEmbedder:
    """An `Embedder` around a network that takes float32 (n, 3, side, side) and gives (n, dims).

    The same image gives the same digits in any batch: on CPU the number of views in a pass changes the last
    digits of vision transformers and convolutional networks alike, and with two threads so does a view's
    place in it, so a CPU takes one view a pass. On GPU every pass has `batch_size` views, the last filled up
    with zeros, so that the kernels torch picks never depend on how many images came.
    """

    def __init__(
        self,
        name: str,
        network: torch.nn.Module,
        preparation: Preparation,
        *,
        identity: Mapping[str, Any],
        device: str = "auto",
        precision: Precision = "auto",
        batch_size: int = 64,
        reference_boxes: Sequence[Box] = REFERENCE_BOXES,
        photo_boxes: Sequence[Box] = PHOTO_BOXES,
    ) -> None:
        """`name` is completed by the fingerprint; `identity`: digest of the weights, definition of the graph.

        Raises `ModelError` where the network does not give vectors or the device is absent, `UsageError` for
        bad boxes.
        """
        self._label = name
        self.device = choose_device(device, name)
        self.precision = choose_precision(precision, self.device, name)
        if batch_size < 1:
            raise UsageError(f"batch size {batch_size}: must be at least 1")
        self.batch_size = batch_size if self.device.type == "cuda" else 1
        self.reference_boxes = checked_boxes(reference_boxes, "reference boxes")
        self.photo_boxes = checked_boxes(photo_boxes, "photo boxes")
        if self.photo_boxes[0] != WHOLE:
            raise UsageError("photo boxes: the first must be the whole photo, (0, 0, 1, 1)")
        self.reference_views, self.photo_views = len(self.reference_boxes), len(self.photo_boxes)
        self.preparation = preparation
        self.fingerprint = self._hashed(identity)
        self.name = f"{name}@{self.fingerprint[:12]}"
        self._network = network.requires_grad_(False).eval().to(self.device)
        self.dims = self._probed()

    def embed_references(self, images: Sequence[Pixels]) -> Descriptors:
        """Unit vectors, float32 (images, reference_views, dims); raises `ModelError` where it has none."""
        return self._embedded(images, self.reference_boxes)

    def embed_photos(self, images: Sequence[Pixels]) -> Descriptors:
        """Unit vectors, float32 (images, photo_views, dims); raises `ModelError` where it has none."""
        return self._embedded(images, self.photo_boxes)

    def _hashed(self, identity: Mapping[str, Any]) -> str:
        parts = {
            "format": FINGERPRINT_FORMAT,
            "identity": dict(identity),
            "preparation": self.preparation.model_dump(include=set(Preparation.model_fields)),
            "precision": self.precision,
            "reference_boxes": self.reference_boxes,
            "photo_boxes": self.photo_boxes,
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def _probed(self) -> int:
        """How long the network's vectors are, found by asking it for one."""
        side = self.preparation.input_side
        with torch.inference_mode():
            given = self._passed(torch.zeros(1, 3, side, side, device=self.device))
        if given.ndim != 2 or given.shape[0] != 1 or given.shape[1] < 1:
            raise ModelError(
                self._label, f"gives shape {tuple(given.shape)} for one image; (1, dims) is needed"
            )
        return int(given.shape[1])

    def _embedded(self, images: Sequence[Pixels], boxes: Sequence[Box]) -> Descriptors:
        vectors = np.empty((len(images) * len(boxes), self.dims), np.float32)
        filled = 0
        with torch.inference_mode():
            inputs = self._inputs(images, boxes)
            while batch := list(islice(inputs, self.batch_size)):
                vectors[filled : filled + len(batch)] = self._vectors(batch)
                filled += len(batch)
        return self._unit(vectors).reshape(len(images), len(boxes), self.dims)

    def _inputs(self, images: Sequence[Pixels], boxes: Sequence[Box]) -> Iterator[torch.Tensor]:
        for image in images:
            pixels = planes(image)
            if self.device.type == "cuda":
                pixels = pixels.pin_memory().to(self.device, non_blocking=True)
            for box in boxes:
                yield prepare(crop(pixels, box), self.preparation)

    def _vectors(self, batch: list[torch.Tensor]) -> Descriptors:
        missing = self.batch_size - len(batch)
        given = self._passed(torch.stack(batch + [torch.zeros_like(batch[0])] * missing))
        if tuple(given.shape) != (self.batch_size, self.dims):
            expected = (self.batch_size, self.dims)
            raise ModelError(self._label, f"gives shape {tuple(given.shape)} where {expected} is needed")
        vectors: Descriptors = given[: len(batch)].cpu().numpy()
        return vectors

    def _passed(self, batch: torch.Tensor) -> torch.Tensor:
        """What the network makes of a batch, in float32."""
        try:
            with ExitStack() as stack:
                if self.device.type == "cuda":
                    _enter_gpu(stack, _DTYPES[self.precision])
                given = self._network(batch)
        except torch.cuda.OutOfMemoryError as error:
            raise ModelError(
                self._label, f"the GPU's memory does not hold {len(batch)} views; lower the batch size"
            ) from error
        except (RuntimeError, ValueError, TypeError, AssertionError, NotImplementedError) as error:
            reason = one_line(error)
            raise ModelError(
                self._label, f"fails on input of shape {tuple(batch.shape)}: {reason}"
            ) from error
        if not isinstance(given, torch.Tensor) or not given.is_floating_point():
            raise ModelError(self._label, f"gives {type(given).__name__} where a tensor of floats is needed")
        return given.float()

    def _unit(self, vectors: Descriptors) -> Descriptors:
        # In double precision: half-precision networks may give lengths whose squares float32 cannot hold.
        lengths = np.sqrt(np.square(vectors, dtype=np.float64).sum(axis=1, keepdims=True))
        if not np.isfinite(lengths).all():
            advice = "" if self.precision == "float32" else "; try precision float32"
            raise ModelError(
                self._label, f"gives vectors that are not finite; its weights are damaged{advice}"
            )
        if (lengths < SHORTEST_VECTOR).any():
            raise DescriptorError(
                self._label, "gives a vector of zeros for an image; it has no direction to compare"
            )
        unit: Descriptors = (vectors / lengths).astype(np.float32)
        return unit


def _enter_gpu(stack: ExitStack, dtype: torch.dtype) -> None:
    """Autocast to `dtype`, with kernels that repeat their digits; float32 is not TF32."""
    flags = torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False)
    stack.enter_context(flags)
    if dtype != torch.float32:
        stack.enter_context(torch.autocast("cuda", dtype=dtype))
