#!/usr/bin/env bash
# Reproduces the graph that ships as `builtin`: trains EfficientNet-Lite0 from its ImageNet weights and exports it.
# DATA holds the folders that configs/train_embedder.toml names, RUN keeps checkpoints: run again after a stop.
set -euo pipefail
DATA=$(realpath "${1:?usage: builtin.sh DATA RUN}")
RUN=$(realpath -m "${2:?usage: builtin.sh DATA RUN}")
cd "$(dirname "$0")/../.."
.venv/bin/python -m training.train_embedder --photos "$DATA" --out "$RUN"
.venv/bin/python -m training.export_embedder --run "$RUN" --out matcher/models/weights/embedder.onnx
