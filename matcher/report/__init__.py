"""The report of a scan: one HTML file with every listing beside the reference it was held against."""

from matcher.report.page import write_report
from matcher.report.rows import ReferenceFacts, ReportRow, ReportSummary, Thumbnail

__all__ = ["ReferenceFacts", "ReportRow", "ReportSummary", "Thumbnail", "write_report"]
