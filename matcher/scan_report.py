"""Gathers what a scan's report shows: flagged listings, their photos and the references they were held against."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from matcher.catalog import JudgedListing, StoredImage, count_brands, find_brand, find_product, find_scan, top_rows
from matcher.config import ImageSettings
from matcher.errors import MatcherError
from matcher.images import decode, thumbnail
from matcher.records import ImageRole, VerdictKind
from matcher.report import ReferenceFacts, ReportRow, ReportSummary, Thumbnail, write_report
from matcher.snapshot import Snapshot
from matcher.workspace import Workspace

if TYPE_CHECKING:
    from matcher.scan import ScanRequest, ScanSummary

THUMBNAIL_SIDE = 320
"""Pixels; two to four pictures a row keep a thousand rows near 20 MB."""
Key = tuple[str, str]
