"""The report of a scan: one HTML file with every listing beside the reference it was held against."""

from matcher.report.card import Card, Picture, card
from matcher.report.page import write_report
from matcher.report.rows import (
    Linked,
    ReferenceFacts,
    ReferenceKey,
    ReportRow,
    ReportSummary,
    Shown,
    Thumbnail,
    key_of,
    named,
)

__all__ = [
    "Card",
    "Linked",
    "Picture",
    "ReferenceFacts",
    "ReferenceKey",
    "ReportRow",
    "ReportSummary",
    "Shown",
    "Thumbnail",
    "card",
    "key_of",
    "named",
    "write_report",
]
