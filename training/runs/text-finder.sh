#!/usr/bin/env bash
# Reproduces the graph that says where in a photo there may be writing. DATA holds the folders that
# configs/train_text_finder.toml names, of which only the part is read that benchmarks call `tune`; RUN keeps
# checkpoints: run again after a stop. Needs the fonts of Debian's fonts-noto-core and fonts-noto-cjk.
set -euo pipefail
DATA=$(realpath "${1:?usage: text-finder.sh DATA RUN}")
RUN=$(realpath -m "${2:?usage: text-finder.sh DATA RUN}")
cd "$(dirname "$0")/../.."
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
.venv/bin/python -m training.text_finder.train --photos "$DATA" --out "$RUN"
.venv/bin/python -m training.text_finder.export --run "$RUN" --out matcher/models/weights
.venv/bin/python -m training.text_finder.measure --photos "$DATA" --lines "$RUN/lines.db" --out "$RUN/figures.json"
