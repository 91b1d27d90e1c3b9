#!/usr/bin/env bash
# Reproduces the vocabulary by which local features vote. DATA holds clothing/, grocery/, magento_luma/,
# cn_beverages/ and sneakers/; only the half of the photos that benchmarks call `tune` is read, and no package photo.
set -euo pipefail
DATA=$(realpath "${1:?usage: vocabulary.sh DATA}")
cd "$(dirname "$0")/../.."
.venv/bin/python -m training.train_vocabulary \
  "$DATA"/clothing/images "$DATA"/grocery/train/Fruit "$DATA"/grocery/train/Vegetables "$DATA"/magento_luma \
  "$DATA"/cn_beverages "$DATA"/sneakers --out matcher/models/weights/rootsift-vocabulary.npz
