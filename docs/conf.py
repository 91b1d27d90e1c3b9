"""Sphinx's settings: Markdown pages, the furo theme, nothing fetched from anywhere."""

import tomllib
from pathlib import Path

_PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))[
    "project"
]

project = "Counterfeit image matcher"
author = "the counterfeit image matcher's contributors"
project_copyright = author
release = version = _PROJECT["version"]

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
nitpicky = True

html_theme = "furo"
html_title = project
html_show_sphinx = False
html_copy_source = False
