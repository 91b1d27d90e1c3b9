"""A run's folder as Markdown and as one HTML page: who leads, by how much, and whether it is real."""

from benchmarks.report.comparison import Comparison, compare
from benchmarks.report.folder import read_run
from benchmarks.report.markdown import markdown, run_markdown
from benchmarks.report.parts import Run

__all__ = ["Comparison", "Run", "compare", "markdown", "read_run", "run_markdown"]
