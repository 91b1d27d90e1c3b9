#!/usr/bin/env bash
# Reproduces the graphs that find and tell apart logos: fetches the artwork, trains both networks and exports them.
# DATA holds the folders that configs/train_logos.toml names and carlogos/; RUN keeps checkpoints: run again after a stop.
set -euo pipefail
DATA=$(realpath "${1:?usage: logos.sh DATA RUN}")
RUN=$(realpath -m "${2:?usage: logos.sh DATA RUN}")
cd "$(dirname "$0")/../.."
ART="$RUN/packages"
if [ ! -d "$ART" ]; then
  mkdir -p "$ART.part"
  (cd "$ART.part" && npm pack simple-icons@16.37.0 @iconify-json/logos@1.2.19)
  cp -r "$DATA/carlogos" "$ART.part/carlogos"
  mv "$ART.part" "$ART"
fi
.venv/bin/python -m training.logos.train detector --artwork "$ART" --photos "$DATA" --out "$RUN"
.venv/bin/python -m training.logos.train embedder --artwork "$ART" --photos "$DATA" --out "$RUN"
.venv/bin/python -m training.logos.export --run "$RUN" --out matcher/models/weights
.venv/bin/python -m training.logos.measure --artwork "$ART" --photos "$DATA" --out "$RUN"
