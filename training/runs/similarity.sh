#!/usr/bin/env bash
# Reproduces the weights of the similarity scores. DATA holds clothing/, sneakers/, cn_beverages/, grocery/ and
# magento_luma/; only the part of each that benchmarks call `tune` is read. The demo's own seed, 7, is not used.
set -euo pipefail
DATA=$(realpath "${1:?usage: similarity.sh DATA}")
cd "$(dirname "$0")/../.."
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
# Pairs are collected once for all three; name a folder in PAIRS to go on after a break.
if [ -z "${PAIRS:-}" ]; then
  PAIRS=$(mktemp -d)
  trap 'rm -r "$PAIRS"' EXIT
fi
fit() {
  .venv/bin/python -m training.fit_similarity "$@" \
    --copies "$DATA"/clothing/images "$DATA"/sneakers "$DATA"/cn_beverages \
    --products "$DATA"/grocery "$DATA"/magento_luma --demo 101 102 \
    --crowds "$DATA"/clothing/images "$DATA"/magento_luma \
    --pairs "$PAIRS" --out matcher/models/weights/similarity.json
}
# A photo pasted on another tells a score to make little of what else is in view, as copies want; a product's score
# then says of two photos of one room that they show one product.
fit copy --drawn-weight 0.2 --pasted "$DATA"/clothing/images
fit product --every-view
fit prospect --every-view --pasted "$DATA"/clothing/images
