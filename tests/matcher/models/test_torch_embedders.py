"""The embedders that run in torch, with small networks whose weights come from a seed."""

from __future__ import annotations

import builtins
import hashlib
import json
import logging
import pickle
import warnings
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import pytest
import torch
import torchvision
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from safetensors import torch as safetensors_torch

from matcher.errors import ModelError, UsageError
from matcher.models import open_clip_embedder, torch_device, torchscript_embedder
from matcher.models.checkpoint_embedder import (
    CheckpointEmbedder,
    CheckpointHeader,
    CheckpointNetwork,
    write_checkpoint,
)
from matcher.models.open_clip_embedder import OpenClipEmbedder
from matcher.models.torch_device import TorchEmbedder, choose_device, choose_precision, digest_tensors
from matcher.models.torch_trunks import feature_map, make_trunk
from matcher.models.torch_views import Preparation, crop, planes, prepare
from matcher.models.torchscript_embedder import TorchscriptEmbedder
from matcher.models.views import WHOLE
from tests.matcher.models.embedder_contract import EmbedderContract, photographs

TINY = "tiny-test-tower"
TINY_CONFIG = {
    "embed_dim": 24,
    "vision_cfg": {"image_size": 64, "layers": 2, "width": 128, "head_width": 64, "patch_size": 16},
    "text_cfg": {"context_length": 8, "vocab_size": 64, "width": 32, "heads": 2, "layers": 1},
}


@pytest.fixture(scope="module")
def architecture(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of an architecture that open_clip knows from now on."""
    folder = tmp_path_factory.mktemp("architectures")
    (folder / f"{TINY}.json").write_text(json.dumps(TINY_CONFIG))
    open_clip.add_model_config(folder)
    return TINY


@pytest.fixture(scope="module")
def tower_file(architecture: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All the weights of a tiny CLIP model, in safetensors."""
    torch.manual_seed(3)
    config = open_clip.get_model_config(architecture)
    path = tmp_path_factory.mktemp("towers") / "tower.safetensors"
    safetensors_torch.save_file(open_clip.CLIP(**config).state_dict(), path)
    return path


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint with a torchvision trunk and a projection."""
    return _checkpoint(tmp_path_factory.mktemp("checkpoints") / "small.safetensors", projection=True, dims=32)


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A traced network of one convolution."""
    torch.manual_seed(5)
    convolution = torch.nn.Conv2d(3, 16, 5, stride=3)
    network = torch.nn.Sequential(convolution, torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten())
    path = tmp_path_factory.mktemp("scripts") / "tiny.torchscript.pt"
    _traced(network, path)
    path.with_suffix(".json").write_text('{"input_side": 48}')
    return path


def _checkpoint(path: Path, **changes: Any) -> Path:
    torch.manual_seed(11)
    parts = {"trunk": "shufflenet_v2_x0_5", "trunk_source": "torchvision", "dims": 1024, "input_side": 64}
    header = CheckpointHeader.model_validate({**parts, **changes})
    write_checkpoint(path, header, CheckpointNetwork(header))
    return path


def _copied(path: Path, folder: Path) -> Path:
    """The checkpoint `path` once more, as `folder/a.safetensors`."""
    copy = folder / "a.safetensors"
    copy.write_bytes(path.read_bytes())
    copy.with_suffix(".json").write_bytes(path.with_suffix(".json").read_bytes())
    return copy


def _traced(network: torch.nn.Module, path: Path, side: int = 48) -> None:
    with warnings.catch_warnings():
        # Making a script is deprecated as loading one is; the product only loads them.
        warnings.filterwarnings("ignore", r"`?torch\.jit")
        torch.jit.trace(network.eval(), torch.zeros(1, 3, side, side)).save(str(path))


class _Reduced(torch.nn.Module):
    """A network that reduces its input as it is told."""

    def __init__(self, reduce: Callable[[torch.Tensor], Any]) -> None:
        super().__init__()
        self.reduce = reduce

    def forward(self, images: torch.Tensor) -> Any:
        return self.reduce(images)


def _embedder(reduce: Callable[[torch.Tensor], Any], **options: Any) -> TorchEmbedder:
    return TorchEmbedder("stub", _Reduced(reduce), Preparation(input_side=16), identity={}, **options)


def _with(path: Path, **changes: Any) -> None:
    """Rewrite the header beside `path`."""
    beside = path.with_suffix(".json")
    beside.write_text(json.dumps({**json.loads(beside.read_text()), **changes}))


@pytest.fixture(scope="module")
def open_clip_model(tower_file: Path) -> OpenClipEmbedder:
    return OpenClipEmbedder.load(f"{TINY}/{tower_file}")


class TestOpenClip(EmbedderContract):
    @pytest.fixture
    def embedder(self, open_clip_model: OpenClipEmbedder) -> OpenClipEmbedder:
        return open_clip_model


@pytest.fixture(scope="module")
def checkpoint_model(checkpoint: Path) -> CheckpointEmbedder:
    return CheckpointEmbedder.load(checkpoint)


class TestCheckpoint(EmbedderContract):
    @pytest.fixture
    def embedder(self, checkpoint_model: CheckpointEmbedder) -> CheckpointEmbedder:
        return checkpoint_model


@pytest.fixture(scope="module")
def script_model(script: Path) -> TorchscriptEmbedder:
    return TorchscriptEmbedder.load(script)


class TestTorchscript(EmbedderContract):
    @pytest.fixture
    def embedder(self, script_model: TorchscriptEmbedder) -> TorchscriptEmbedder:
        return script_model


class TestViews:
    def test_a_crop_touches_what_the_box_touches(self) -> None:
        image = torch.arange(3 * 10 * 20).reshape(3, 10, 20)
        assert torch.equal(crop(image, WHOLE), image)
        assert torch.equal(crop(image, (0.25, 0.1, 0.75, 0.3)), image[:, 1:3, 5:15])
        assert crop(image, (0.999, 0.999, 1.0, 1.0)).shape == (3, 1, 1)

    @given(
        st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)),
        st.integers(1, 40),
        st.integers(1, 40),
    )
    def test_a_crop_is_never_empty(
        self, corners: tuple[float, float, float, float], height: int, width: int
    ) -> None:
        x1, x2 = sorted(corners[:2])
        y1, y2 = sorted(corners[2:])
        assert crop(torch.zeros(3, height, width), (x1, y1, x2, y2)).numel() > 0

    @pytest.mark.parametrize("mode", ["squash", "shortest", "longest"])
    @pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
    def test_preparation_is_what_open_clip_does_with_pillow(self, mode: str, interpolation: str) -> None:
        settings = {"mean": (0.48, 0.45, 0.40), "std": (0.26, 0.27, 0.28), "interpolation": interpolation}
        theirs = open_clip.image_transform(48, is_train=False, resize_mode=mode, fill_color=7, **settings)
        ours = Preparation.model_validate({"input_side": 48, "resize": mode, "fill": 7, **settings})
        for image in photographs(3):
            difference = prepare(planes(image), ours) - theirs(Image.fromarray(image))
            # Pillow rounds after each of its two passes: never more than one of 255 levels apart.
            assert difference.abs().max() * 255 * 0.28 < 1.1
            assert difference.abs().mean() * 255 * 0.28 < 0.3

    @pytest.mark.parametrize("mode", ["squash", "shortest", "longest"])
    def test_a_thin_strip_stays_small(self, mode: str) -> None:
        preparation = Preparation.model_validate({"input_side": 32, "resize": mode})
        for shape in ((1, 20_000, 3), (20_000, 1, 3)):
            assert prepare(planes(np.zeros(shape, np.uint8)), preparation).shape == (3, 32, 32)

    @pytest.mark.parametrize(
        ("boxes", "said"),
        [
            ([], "no box"),
            ([(0, 0, 1, 1.2)], "x1 < x2"),
            ([(0.5, 0, 0.5, 1)], "x1 < x2"),
            ([(0, 0, 1, float("nan"))], "x1 < x2"),
            ([(0, 0, 0.5, 1)], "the first must be the whole photo"),
        ],
    )
    def test_boxes_that_cannot_be_are_refused(self, boxes: Any, said: str) -> None:
        with pytest.raises(UsageError, match=said):
            _embedder(lambda images: images.mean((2, 3)), photo_boxes=boxes)


class TestRunning:
    def test_views_are_what_their_boxes_show(self) -> None:
        left = (0.0, 0.0, 0.5, 1.0)
        embedder = _embedder(
            lambda images: images.mean((2, 3)), photo_boxes=[WHOLE, left], reference_boxes=[left]
        )
        image = photographs(1)[0]
        half = np.ascontiguousarray(image[:, : image.shape[1] // 2])
        assert (embedder.photo_views, embedder.reference_views, embedder.dims) == (2, 1, 3)
        expected = embedder.embed_photos([half])[:, 0]
        assert np.array_equal(embedder.embed_photos([image])[:, 1], expected)
        assert np.array_equal(embedder.embed_references([image])[:, 0], expected)

    def test_a_cpu_takes_one_view_at_a_time(self) -> None:
        seen = []

        def reduce(images: torch.Tensor) -> torch.Tensor:
            seen.append(len(images))
            return images.mean((2, 3))

        embedder = _embedder(reduce, batch_size=8, device="cpu")
        embedder.embed_photos(photographs(3))
        assert seen == [1] * (1 + 3 * embedder.photo_views)

    def test_a_batch_that_is_not_full_is_filled_up(self) -> None:
        seen = []

        def reduce(images: torch.Tensor) -> torch.Tensor:
            seen.append(len(images))
            return images.mean((2, 3))

        one = _embedder(reduce)
        four = _embedder(reduce)
        four.batch_size = 4  # As on a GPU.
        images = photographs(2)
        seen.clear()
        assert np.array_equal(four.embed_photos(images), one.embed_photos(images))
        assert seen == [4, 4, 4] + [1] * 10

    def test_numbers_that_are_not_finite_are_refused(self) -> None:
        def reduce(images: torch.Tensor) -> torch.Tensor:
            return images.mean((2, 3)) * (float("nan") if images.std() > 0 else 1)

        with pytest.raises(ModelError, match="model stub: gives vectors that are not finite"):
            _embedder(reduce).embed_photos(photographs(2))

    def test_a_vector_of_zeros_is_refused(self) -> None:
        with pytest.raises(ModelError, match="model stub: gives a vector of zeros"):
            _embedder(lambda images: images.mean((2, 3)) * 0).embed_photos(photographs(2))

    def test_a_short_vector_still_becomes_a_unit_vector(self) -> None:
        vectors = _embedder(lambda images: images.mean((2, 3)) * 1e-10).embed_references(photographs(2))
        assert np.linalg.norm(vectors, axis=-1) == pytest.approx(1, abs=1e-6)

    @pytest.mark.parametrize(
        ("reduce", "said"),
        [
            (lambda images: images, r"gives shape \(1, 3, 16, 16\) for one image; \(1, dims\) is needed"),
            (lambda images: images.mean((2, 3)).int(), "a tensor of floats is needed"),
            (lambda images: [images], "gives list where"),
            (lambda images: images.reshape(5, 5), r"fails on input of shape \(1, 3, 16, 16\)"),
        ],
    )
    def test_a_network_that_gives_no_vectors_is_refused(
        self, reduce: Callable[[torch.Tensor], Any], said: str
    ) -> None:
        with pytest.raises(ModelError, match=said) as caught:
            _embedder(reduce)
        assert "\n" not in str(caught.value)

    def test_an_unknown_or_absent_device_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
        assert choose_device("auto", "m") == choose_device("cpu", "m") == torch.device("cpu")
        for wanted in ("tpu", "cuda:x", "cpu:1", "", "cuda:-1"):
            with pytest.raises(ModelError, match="model m: unknown device"):
                choose_device(wanted, "m")
        for wanted in ("cuda", "cuda:0"):
            with pytest.raises(ModelError, match="offers no device"):
                choose_device(wanted, "m")

    def test_a_gpu_is_taken_where_there_is_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
        assert choose_device("auto", "m") == choose_device("cuda", "m") == torch.device("cuda", 0)
        with pytest.raises(ModelError, match="offers no device 'cuda:1'"):
            choose_device("cuda:1", "m")

    def test_half_precision_is_for_gpus(self, monkeypatch: pytest.MonkeyPatch) -> None:
        cpu, gpu = torch.device("cpu"), torch.device("cuda", 0)
        assert choose_precision("auto", cpu, "m") == "float32"
        with pytest.raises(ModelError, match="needs a GPU"):
            choose_precision("bfloat16", cpu, "m")
        with pytest.raises(ModelError, match="unknown precision 'int8'"):
            choose_precision("int8", gpu, "m")
        for has_bfloat16, chosen in ((True, "bfloat16"), (False, "float16")):
            monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda has=has_bfloat16, **_: has)
            assert choose_precision("auto", gpu, "m") == chosen
        assert choose_precision("float32", gpu, "m") == "float32"

    def test_gpu_settings_are_undone(self) -> None:
        before = torch.backends.cudnn.deterministic
        with torch_device.ExitStack() as stack:
            torch_device._enter_gpu(stack, torch.float32)
            assert torch.backends.cudnn.deterministic
        assert torch.backends.cudnn.deterministic == before

    def test_a_batch_size_below_one_is_refused(self) -> None:
        with pytest.raises(UsageError, match="batch size 0"):
            _embedder(lambda images: images.mean((2, 3)), batch_size=0)


class TestFingerprint:
    def test_it_is_stable_and_knows_boxes_weights_and_preparation(
        self, checkpoint: Path, tmp_path: Path
    ) -> None:
        first = CheckpointEmbedder.load(checkpoint)
        moved = _copied(checkpoint, tmp_path)
        assert CheckpointEmbedder.load(moved).fingerprint == first.fingerprint
        fingerprints = {first.fingerprint}
        fingerprints.add(CheckpointEmbedder.load(checkpoint, photo_boxes=[WHOLE]).fingerprint)
        tiles = [WHOLE, (0.0, 0.0, 0.5, 0.5)]
        fingerprints.add(CheckpointEmbedder.load(checkpoint, reference_boxes=tiles).fingerprint)
        for changes in (
            {"mean": [0.5, 0.5, 0.5]},
            {"gem_p": 4.0},
            {"input_side": 96},
            {"resize": "shortest"},
        ):
            _with(moved, **changes)
            fingerprints.add(CheckpointEmbedder.load(moved).fingerprint)
        assert len(fingerprints) == 7

    def test_notes_change_nothing(self, checkpoint: Path, tmp_path: Path) -> None:
        path = _copied(checkpoint, tmp_path)
        before = CheckpointEmbedder.load(path).fingerprint
        _with(path, notes={"epochs": 3, "photos": ["clothing"]})
        assert CheckpointEmbedder.load(path).fingerprint == before

    def test_the_text_tower_does_not_count_but_every_bit_of_the_image_tower_does(
        self, tower_file: Path, tmp_path: Path
    ) -> None:
        before = OpenClipEmbedder.load(TINY, weights=tower_file).fingerprint
        tensors = safetensors_torch.load_file(tower_file)
        tensors["token_embedding.weight"] += 1
        safetensors_torch.save_file(tensors, tmp_path / "text.safetensors")
        assert OpenClipEmbedder.load(TINY, weights=tmp_path / "text.safetensors").fingerprint == before
        tensors["visual.proj"][0, 0] = torch.nextafter(tensors["visual.proj"][0, 0], torch.tensor(9.0))
        safetensors_torch.save_file(tensors, tmp_path / "image.safetensors")
        assert OpenClipEmbedder.load(TINY, weights=tmp_path / "image.safetensors").fingerprint != before

    def test_a_digest_knows_names_types_shapes_and_bytes(self) -> None:
        one = {"a": torch.zeros(4), "b": torch.ones(2)}
        assert digest_tensors(one) == digest_tensors({"b": torch.ones(2), "a": torch.zeros(4)})
        others = [
            {"a": torch.zeros(4), "c": torch.ones(2)},
            {"a": torch.zeros(2, 2), "b": torch.ones(2)},
            {"a": torch.zeros(4, dtype=torch.int32), "b": torch.ones(2)},
            {"a": torch.tensor(0), "b": torch.tensor(True)},
        ]
        assert len({digest_tensors(tensors) for tensors in [one, *others]}) == 5


class TestOpenClipLoading:
    def test_vectors_are_those_of_open_clip_itself(self, tower_file: Path) -> None:
        embedder = OpenClipEmbedder.load(TINY, weights=tower_file)
        assert embedder.name.startswith(f"open_clip:{TINY}/tower.safetensors@")
        model = open_clip.create_model(TINY, pretrained=str(tower_file), pretrained_text=False).eval()
        transform = open_clip.transform.image_transform_v2(
            open_clip.transform.PreprocessCfg(**open_clip.get_model_preprocess_cfg(model)), is_train=False
        )
        for image in photographs(3):
            with torch.inference_mode():
                theirs = model.encode_image(transform(Image.fromarray(image))[None], normalize=True)[
                    0
                ].numpy()
            assert embedder.embed_references([image])[0, 0] @ theirs > 0.9999

    def test_only_the_image_tower_stays_in_memory(self, tower_file: Path) -> None:
        kept = OpenClipEmbedder.load(TINY, weights=tower_file)._network.state_dict()
        assert all(key.startswith("tower.") for key in kept)
        assert len(kept) == sum(key.startswith("visual.") for key in safetensors_torch.load_file(tower_file))

    def test_a_torch_file_of_tensors_loads_too(self, tower_file: Path, tmp_path: Path) -> None:
        torch.save({"state_dict": safetensors_torch.load_file(tower_file)}, tmp_path / "tower.pt")
        loaded = OpenClipEmbedder.load(f"{TINY}/{tmp_path / 'tower.pt'}")
        assert loaded.fingerprint == OpenClipEmbedder.load(TINY, weights=tower_file).fingerprint

    def test_a_header_beside_the_file_changes_the_preparation(self, tower_file: Path, tmp_path: Path) -> None:
        path = tmp_path / "own.safetensors"
        path.write_bytes(tower_file.read_bytes())
        path.with_suffix(".json").write_text(
            '{"input_side": 64, "mean": [0.5, 0.5, 0.5], "resize": "squash"}'
        )
        assert OpenClipEmbedder.load(TINY, weights=path).preparation.resize == "squash"
        path.with_suffix(".json").write_text('{"input_side": 32}')
        with pytest.raises(ModelError, match="fails on input of shape"):
            OpenClipEmbedder.load(TINY, weights=path)

    def test_the_root_logger_is_left_alone(self, tower_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(logging.getLogger(), "handlers", [])
        OpenClipEmbedder.load(TINY, weights=tower_file)
        assert logging.getLogger().handlers == []

    def test_a_pickle_is_never_run(self, architecture: str, tmp_path: Path) -> None:
        class Attack:
            def __reduce__(self) -> tuple[Any, ...]:
                return (Path.touch, (tmp_path / "ran",))

        torch.save({"state_dict": Attack()}, tmp_path / "zip.pt")
        (tmp_path / "raw.bin").write_bytes(pickle.dumps(Attack()))
        (tmp_path / "named.safetensors").write_bytes(pickle.dumps(Attack()))
        for file in ("zip.pt", "raw.bin", "named.safetensors"):
            with pytest.raises(ModelError, match="cannot be loaded as weights"):
                OpenClipEmbedder.load(architecture, weights=tmp_path / file)
        assert not (tmp_path / "ran").exists()

    def test_files_that_are_not_its_weights_are_refused(
        self, architecture: str, script: Path, tower_file: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "empty.pt").write_bytes(b"")
        (tmp_path / "cut.safetensors").write_bytes(tower_file.read_bytes()[:5000])
        torch.save({}, tmp_path / "nothing.pt")
        torch.save([1, 2], tmp_path / "list.pt")
        safetensors_torch.save_file({"a": torch.zeros(2)}, tmp_path / "other.safetensors")
        for file in ("empty.pt", "cut.safetensors", "nothing.pt", "list.pt", "other.safetensors"):
            with pytest.raises(ModelError, match="cannot be loaded as weights") as caught:
                OpenClipEmbedder.load(architecture, weights=tmp_path / file)
            assert "\n" not in str(caught.value)
        with pytest.raises(ModelError, match="TorchScript"):
            OpenClipEmbedder.load(architecture, weights=script)

    @pytest.mark.parametrize(
        ("name", "said"),
        [
            ("ViT-B-3", "knows no architecture 'ViT-B-3'; did you mean ViT-B-32"),
            ("?/x", "knows no architecture"),
            ("", "knows no architecture"),
            ("hf-hub:someone/something", "knows no architecture"),
            ("ViT-B-32", "no published tag of ViT-B-32 .*laion2b_s34b_b79k"),
            ("ViT-B-32/laion9", "'laion9' is no published tag"),
            ("ViT-B-32/absent.safetensors", "there is no file absent.safetensors"),
            ("ViT-B-32-quickgelu/laion2b_s34b_b79k", "no published tag|without QuickGELU"),
        ],
    )
    def test_names_that_are_nothing_say_what_to_do(self, name: str, said: str) -> None:
        with pytest.raises(ModelError, match=said):
            OpenClipEmbedder.load(name)

    def test_weights_that_cannot_be_fetched_say_what_to_do(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*_: Any, **__: Any) -> str:
            raise FileNotFoundError("Failed to download file\nLast error: offline")

        monkeypatch.setattr(open_clip_embedder, "download_pretrained", refuse)
        with pytest.raises(ModelError, match=r"could not be fetched .*ViT-B-32/PATH\.safetensors") as caught:
            OpenClipEmbedder.load("ViT-B-32/laion2b_s34b_b79k")
        assert "\n" not in str(caught.value)

    def test_published_weights_bring_their_own_preparation(
        self, tower_file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        published = {"hf_hub": "x/", "mean": (0.5,) * 3, "std": (0.5,) * 3, "resize_mode": "squash"}
        monkeypatch.setattr(
            open_clip, "get_pretrained_cfg", lambda _, tag: published if tag == "ours" else {}
        )
        monkeypatch.setattr(open_clip_embedder, "download_pretrained", lambda _: str(tower_file))
        embedder = OpenClipEmbedder.load(f"{TINY}/ours")
        assert embedder.name.startswith(f"open_clip:{TINY}/ours@")
        assert embedder.preparation == Preparation(
            input_side=64, mean=(0.5,) * 3, std=(0.5,) * 3, resize="squash", interpolation="bicubic"
        )
        plain = embedder.fingerprint
        published["quick_gelu"] = True
        assert OpenClipEmbedder.load(f"{TINY}/ours").fingerprint != plain


class TestCheckpointLoading:
    def test_a_folder_with_one_checkpoint_is_enough(self, checkpoint: Path, tmp_path: Path) -> None:
        by_folder = CheckpointEmbedder.load(checkpoint.parent)
        assert by_folder.fingerprint == CheckpointEmbedder.load(str(checkpoint)).fingerprint
        assert by_folder.dims == by_folder.header.dims == 32
        with pytest.raises(ModelError, match=r"holds 0 \.safetensors files"):
            CheckpointEmbedder.load(tmp_path)

    @pytest.mark.parametrize(
        ("trunk", "channels"), [("mobilenet_v3_small", 576), ("resnet18", 512), ("regnet_x_400mf", 400)]
    )
    def test_torchvision_trunks_of_each_family_work(self, trunk: str, channels: int) -> None:
        module, found = make_trunk("m", "torchvision", trunk, 64)
        assert found == channels
        assert feature_map(module, torch.zeros(2, 3, 64, 64)).shape == (2, channels, 2, 2)
        named = torchvision.models.get_model(trunk, weights=None).state_dict()
        assert module.state_dict().keys() <= named.keys()

    def test_a_timm_trunk_works_where_timm_is_installed(self, tmp_path: Path) -> None:
        pytest.importorskip("timm")
        path = _checkpoint(tmp_path / "a.safetensors", trunk="lcnet_035", trunk_source="timm", dims=176)
        assert CheckpointEmbedder.load(path).embed_references(photographs(1)).shape == (1, 1, 176)

    def test_without_timm_it_says_how_to_get_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        real = builtins.__import__

        def without_timm(name: str, *rest: Any) -> Any:
            if name == "timm":
                raise ImportError(name)
            return real(name, *rest)

        monkeypatch.setattr(builtins, "__import__", without_timm)
        header = CheckpointHeader(trunk="lcnet_035", trunk_source="timm", dims=176, input_side=64)
        with pytest.raises(ModelError, match="pip install timm"):
            CheckpointNetwork(header)

    def test_pooling_is_what_the_header_says(self) -> None:
        features = torch.rand(2, 1024, 3, 3, generator=torch.Generator().manual_seed(1))
        pooled = {}
        for pool, power in (("mean", 3.0), ("max", 3.0), ("gem", 1.0), ("gem", 3.0), ("gem", 20.0)):
            header = CheckpointHeader.model_validate(
                {"trunk": "shufflenet_v2_x0_5", "trunk_source": "torchvision", "dims": 1024}
                | {"input_side": 64, "pool": pool, "gem_p": power}
            )
            pooled[pool, power] = CheckpointNetwork(header)._pooled(features)
        assert torch.allclose(pooled["gem", 1.0], pooled["mean", 3.0], atol=1e-5)
        rising = [pooled[key] for key in (("mean", 3.0), ("gem", 3.0), ("gem", 20.0), ("max", 3.0))]
        assert all((low <= high + 1e-6).all() for low, high in pairwise(rising))

    def test_weights_that_changed_are_refused(self, checkpoint: Path, tmp_path: Path) -> None:
        path = _copied(checkpoint, tmp_path)
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.write_bytes(content)
        with pytest.raises(ModelError, match="damaged or another file"):
            CheckpointEmbedder.load(path)
        _with(path, sha256="")
        with pytest.raises(ModelError, match="records no sha256"):
            CheckpointEmbedder.load(path)

    def test_weights_that_do_not_fit_the_header_are_refused(self, checkpoint: Path, tmp_path: Path) -> None:
        path = _copied(checkpoint, tmp_path)
        _with(path, trunk="shufflenet_v2_x1_0")
        with pytest.raises(ModelError, match="the weights do not fit the header") as caught:
            CheckpointEmbedder.load(path)
        assert "\n" not in str(caught.value)
        path.write_bytes(b"no tensors")
        _with(path, sha256=hashlib.sha256(b"no tensors").hexdigest())
        with pytest.raises(ModelError, match="the weights do not fit the header"):
            CheckpointEmbedder.load(path)

    def test_missing_files_are_named(self, checkpoint: Path, tmp_path: Path) -> None:
        with pytest.raises(ModelError, match=r"no folder and no \.safetensors file"):
            CheckpointEmbedder.load(tmp_path / "weights.pt")
        with pytest.raises(ModelError, match=r"absent\.json cannot be read: No such file"):
            CheckpointEmbedder.load(tmp_path / "absent.safetensors")
        (tmp_path / "b.json").write_bytes(checkpoint.with_suffix(".json").read_bytes())
        with pytest.raises(ModelError, match=r"b\.safetensors cannot be read: No such file"):
            CheckpointEmbedder.load(tmp_path / "b.safetensors")

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"colour": 1}, "a.json: colour: unknown key"),
            ({"format": 2}, "a.json: format"),
            ({"dims": 0}, "a.json: dims"),
            ({"input_side": 10**9}, "a.json: input_side"),
            ({"std": [0, 1, 1]}, "a.json: std"),
            ({"sha256": "xyz"}, "a.json: sha256"),
            ({"dims": 7, "projection": False}, "dims is 7, but trunk shufflenet_v2_x0_5 gives 1024"),
            ({"trunk": "unheard_of"}, "knows no model 'unheard_of'"),
            ({"trunk": "vit_b_16"}, "choose a convolutional one|no feature map"),
            ({"trunk": "swin_t"}, "no feature map"),
            ({"trunk": "hf-hub:someone/something", "trunk_source": "timm"}, "timm .* knows no model"),
            ({"trunk": "vit_tiny_patch16_224", "trunk_source": "timm"}, "no image of 64|no feature map"),
        ],
    )
    def test_headers_that_cannot_be_are_refused(
        self, changes: dict[str, Any], said: str, checkpoint: Path, tmp_path: Path
    ) -> None:
        path = _copied(checkpoint, tmp_path)
        _with(path, **changes)
        with pytest.raises(ModelError, match=said) as caught:
            CheckpointEmbedder.load(path)
        assert "\n" not in str(caught.value)

    @given(st.binary(max_size=200))
    def test_any_bytes_as_a_header_are_a_model_error(self, content: bytes) -> None:
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "a.safetensors"
            path.with_suffix(".json").write_bytes(content)
            with pytest.raises(ModelError) as caught:
                CheckpointEmbedder.load(path)
        assert "\n" not in str(caught.value)


class TestTorchscriptLoading:
    def test_without_a_header_images_are_288_pixels(self, script: Path, tmp_path: Path) -> None:
        alone = tmp_path / "alone.pt"
        alone.write_bytes(script.read_bytes())
        embedder = TorchscriptEmbedder.load(alone)
        assert embedder.preparation.input_side == 288
        assert embedder.name.startswith("torchscript:alone.pt@")
        assert embedder.fingerprint != TorchscriptEmbedder.load(script).fingerprint

    def test_another_file_than_its_header_means_is_refused(self, script: Path, tmp_path: Path) -> None:
        path = tmp_path / "a.pt"
        path.write_bytes(script.read_bytes())
        header = {"input_side": 48, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
        path.with_suffix(".json").write_text(json.dumps(header))
        TorchscriptEmbedder.load(path)
        _with(path, sha256="0" * 64)
        with pytest.raises(ModelError, match=r"is not the file a\.json describes"):
            TorchscriptEmbedder.load(path)

    def test_files_that_are_no_scripts_are_refused(self, tmp_path: Path) -> None:
        with pytest.raises(ModelError, match="cannot be read: No such file"):
            TorchscriptEmbedder.load(tmp_path / "absent.pt")
        torch.save({"a": torch.zeros(2)}, tmp_path / "tensors.pt")
        (tmp_path / "text.pt").write_text("hello")
        (tmp_path / "empty.pt").write_bytes(b"")
        for file in ("tensors.pt", "text.pt", "empty.pt"):
            with pytest.raises(ModelError, match="is not a TorchScript file that torch can load") as caught:
                TorchscriptEmbedder.load(tmp_path / file)
            assert "\n" not in str(caught.value)

    def test_a_script_that_gives_no_vector_is_refused(self, tmp_path: Path) -> None:
        _traced(torch.nn.Conv2d(3, 4, 3), tmp_path / "map.pt")
        with pytest.raises(ModelError, match=r"\(1, dims\) is needed"):
            TorchscriptEmbedder.load(tmp_path / "map.pt")

    def test_a_frozen_script_loads(self, script: Path, tmp_path: Path) -> None:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", r"`?torch\.jit")
            torch.jit.freeze(torch.jit.load(script).eval()).save(str(tmp_path / "frozen.pt"))
        images = photographs(2)
        (tmp_path / "frozen.json").write_text('{"input_side": 48}')
        frozen = TorchscriptEmbedder.load(tmp_path / "frozen.pt").embed_references(images)
        assert frozen == pytest.approx(TorchscriptEmbedder.load(script).embed_references(images), abs=1e-6)

    def test_a_torch_without_torchscript_says_so(self, script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delattr(torchscript_embedder.torch.jit, "load")
        with pytest.raises(ModelError, match="cannot run TorchScript"):
            TorchscriptEmbedder.load(script)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every attempt to fetch something is a failure of the test."""
    import socket

    def refuse(*_: Any) -> None:
        raise AssertionError("a test must not use the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
