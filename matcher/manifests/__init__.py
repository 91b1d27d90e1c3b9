"""Manifests: catalogues and listings, read from a folder, CSV and kin, XLSX, JSONL, Parquet, a Google
Merchant feed, or a ZIP of images.
"""

from matcher.manifests.archive import ArchiveLimits, ImageArchive
from matcher.manifests.glance import Glance, look_at_listings, look_at_references
from matcher.manifests.opening import manifest_fingerprint, manifest_folder
from matcher.manifests.packed import is_packed
from matcher.manifests.reading import read_listings, read_references
from matcher.manifests.rows import Row

__all__ = [
    "ArchiveLimits",
    "Glance",
    "ImageArchive",
    "Row",
    "is_packed",
    "look_at_listings",
    "look_at_references",
    "manifest_fingerprint",
    "manifest_folder",
    "read_listings",
    "read_references",
]
