#!/usr/bin/env bash
# Reproduces the graph that ships as `builtin`: trains EfficientNet-Lite0 from its ImageNet weights, then further with
# drawn packages, and exports it. DATA holds the folders that configs/train_embedder.toml names, ARTWORK the logos that
# training/runs/logos.sh fetches; RUN keeps checkpoints: run again after a stop.
set -euo pipefail
DATA=$(realpath "${1:?usage: builtin.sh DATA ARTWORK RUN}")
ARTWORK=$(realpath "${2:?usage: builtin.sh DATA ARTWORK RUN}")
RUN=$(realpath -m "${3:?usage: builtin.sh DATA ARTWORK RUN}")
cd "$(dirname "$0")/../.."
mkdir -p "$RUN/sets"
.venv/bin/python -m training.train_embedder --photos "$DATA" --out "$RUN/first"
.venv/bin/python -m training.export_embedder --run "$RUN/first" --out "$RUN/first.onnx"
for set in clothing sneakers cn_beverages grocery magento_luma; do ln -sfn "$DATA/$set" "$RUN/sets/$set"; done
.venv/bin/python -m training.drawn_products --artwork "$ARTWORK" --photos "$DATA" --out "$RUN/sets/drawn"
.venv/bin/python -m training.train_embedder --recipe configs/train_embedder_further.toml --start "$RUN/first.onnx" \
  --photos "$RUN/sets" --out "$RUN/further"
.venv/bin/python -m training.export_embedder --recipe configs/train_embedder_further.toml --run "$RUN/further" \
  --refit "$RUN/further/photos" --out matcher/models/weights/embedder.onnx
