"""`python -m training embedder`: the embedder that ships, or one fine-tuned on a workspace of your own."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from matcher.errors import MatcherError, UsageError


class Parser(argparse.ArgumentParser):
    """Complains in one line."""

    def error(self, message: str) -> NoReturn:
        """Exit with code 2."""
        self.exit(2, f"error: {message} (see {self.prog} --help)\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, or go on where a stopped run was; exit code 0, or 2 with one line on the error stream."""
    chosen = parser().parse_args(arguments)
    try:
        run_embedder(chosen)
    except (MatcherError, OSError) as error:
        print("error: " + " ".join(str(error).split()), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = Parser(prog="python -m training", description="Train models; see docs/embedder.md.")
    commands = top.add_subparsers(dest="model", required=True, parser_class=Parser)
    embedder = commands.add_parser("embedder", help="what turns photos into descriptors")
    embedder.add_argument(
        "--config",
        type=Path,
        default=Path("configs/train_embedder.toml"),
        metavar="TOML",
        help="recipe (default: the one of the weights that ship)",
    )
    embedder.add_argument(
        "--catalog", type=Path, metavar="WORKSPACE", help="learn from its catalogue and reviewed listings"
    )
    embedder.add_argument("--photos", type=Path, metavar="DIR", help="folder that the recipe's sets lie in")
    embedder.add_argument(
        "--like", type=Path, metavar="DIR",
        help="with --catalog: an earlier run, or a set of `matcher review export`: what it held out stays so",
    )  # fmt: skip
    embedder.add_argument(
        "--start", type=Path, metavar="ONNX", help="exported graph to go on from, whatever the recipe says"
    )
    embedder.add_argument(
        "--out", type=Path, required=True, metavar="RUN", help="checkpoints, log and decoded photos"
    )
    embedder.add_argument(
        "--until", type=int, metavar="STEP", help="stop after this step; the schedule stays the recipe's"
    )
    return top


def run_embedder(chosen: argparse.Namespace) -> None:
    """A run on the recipe's sets, or on a workspace with or without them."""
    if chosen.catalog:
        from training.fine_tune import FineTune, fine_tune

        asked = FineTune(
            recipe=chosen.config, workspace=chosen.catalog, out=chosen.out, sets=chosen.photos,
            like=chosen.like, start=chosen.start, until=chosen.until,
        )  # fmt: skip
        for gain in fine_tune(asked):
            figures = f"{gain.before:.3f} before, {gain.after:.3f} after"
            print(f"R@1 of {gain.queries} held-out {gain.kind}: {figures}")
    elif chosen.photos:
        from training.train_embedder import run

        run(chosen.config, chosen.photos, chosen.out, chosen.until, chosen.start)
    else:
        raise UsageError("name what to learn from: --catalog WORKSPACE, --photos DIR, or both")


if __name__ == "__main__":
    sys.exit(main())
