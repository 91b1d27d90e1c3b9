"""The Luma sample shop of Magento 2: several views of one product, told apart by the file name.

Layout, from the folder of product images in `magento2-sample-data`: names like `mh02-black_main.jpg`.
"""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks.datasets import ReferenceImage, TruthSet, file_query, image_paths

VIEW_NAME = re.compile(r"(?P<id>[^_]+)_(?P<view>.+)")


def fits(folder: Path) -> bool:
    """Whether there is a main view, in the folder or in its `images`."""
    return any(_views(folder).glob("*_main.*"))


def read(folder: Path) -> TruthSet:
    """Photos named `STYLE-COLOUR_view.jpg`: main views are the references, the other views queries.

    A photo without a view in its name is the main one; views of a product without a main one are left out.
    """
    named = [(VIEW_NAME.fullmatch(path.stem), path) for path in image_paths(_views(folder))]
    main = {path.stem: path for view, path in named if view is None}
    main |= {view["id"]: path for view, path in named if view and view["view"] == "main"}
    others = [(view, path) for view, path in named if view and view["view"] != "main"]
    queries = tuple(
        file_query(path, folder, frozenset({view["id"]}), view["view"])
        for view, path in others
        if view["id"] in main
    )
    alone = len(others) - len(queries)
    notes = (f"{alone} photos of products without a main view left out",) if alone else ()
    references = tuple(ReferenceImage(name, path) for name, path in sorted(main.items()))
    return TruthSet(folder.name, "magento_luma", references, queries, notes)


def _views(folder: Path) -> Path:
    return folder / "images" if (folder / "images").is_dir() else folder
