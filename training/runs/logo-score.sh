#!/usr/bin/env bash
# Fits the score of a logo for the two graphs that ship. DATA holds clothing/ and grocery/, of which only the part is read
# that benchmarks call `tune`; LOGOS is a folder of images, one clean logo a file, none of them trained on.
set -euo pipefail
DATA=$(realpath "${1:?usage: logo-score.sh DATA LOGOS}")
LOGOS=$(realpath "${2:?usage: logo-score.sh DATA LOGOS}")
cd "$(dirname "$0")/../.."
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
.venv/bin/python -m training.fit_logo_score --models matcher/models/weights --logos "$LOGOS" \
  --photos "$DATA"/clothing/images --plain "$DATA"/grocery/train/Fruit --sizes 10 100 300 --scenes 120 \
  --out matcher/models/weights
