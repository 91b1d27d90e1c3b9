"""Manifests: catalogues and listings, read from a folder, CSV and kin, XLSX, JSONL, Parquet or a Google
Merchant feed.
"""

from matcher.manifests.archive import ArchiveLimits, ImageArchive
from matcher.manifests.opening import manifest_fingerprint, manifest_folder
from matcher.manifests.reading import read_listings, read_references
from matcher.manifests.rows import Row

__all__ = [
    "ArchiveLimits",
    "ImageArchive",
    "Row",
    "manifest_fingerprint",
    "manifest_folder",
    "read_listings",
    "read_references",
]
