#!/usr/bin/env bash
# Reproduces the graph that ships as `builtin`: EfficientNet-Lite0 with ImageNet weights, half-precision storage.
set -euo pipefail
cd "$(dirname "$0")/../.."
.venv/bin/python -m training.export_builtin --out matcher/models/weights/efficientnet-lite0.onnx
