"""Listings whose truth is known: read from tables and reviews, taken in from people, written as a set."""

from matcher.labels.answers import AnswersSummary, import_answers
from matcher.labels.export import EXPORT_MARK, ExportSummary, export_reviews
from matcher.labels.folder import is_label_set, labelled_folder, labelled_scan
from matcher.labels.reviewed import labelled_reviews
from matcher.labels.tables import TruthRow, read_truth
from matcher.labels.verdict_files import VERDICTS, read_verdicts

__all__ = [
    "EXPORT_MARK",
    "VERDICTS",
    "AnswersSummary",
    "ExportSummary",
    "TruthRow",
    "export_reviews",
    "import_answers",
    "is_label_set",
    "labelled_folder",
    "labelled_reviews",
    "labelled_scan",
    "read_truth",
    "read_verdicts",
]
