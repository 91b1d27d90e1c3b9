"""Typed settings: defaults that a TOML file and the environment override; unknown keys are refused."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from matcher.errors import ConfigError
from matcher.toml_files import read_toml


class Section(BaseModel):
    """A frozen group of settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ImageSettings(Section):
    """Limits that are checked before an image is decoded, and how large its pixels are kept."""

    max_bytes: int = Field(40 * 2**20, gt=0, description="largest file, bytes")
    max_pixels: int = Field(50_000_000, gt=0, description="width times height, as the header claims")
    max_side: int = Field(20_000, gt=0, description="longest side, pixels")
    min_side: int = Field(16, gt=0, description="shortest side, pixels")
    allow_truncated: bool = Field(False, description="decode what is there of a cut-off file")
    working_side: int = Field(512, ge=64, description="longest side of the pixels that are examined")
    reading_side: int = Field(
        1280, ge=64, description="pixels that the longest side of a photo whose text is read has at least"
    )

    @property
    def legible_side(self) -> int:
        """`reading_side`, or `working_side` where that is more."""
        return max(self.working_side, self.reading_side)


class FetchSettings(Section):
    """Limits on images named by URL."""

    timeout_seconds: float = Field(
        15.0, gt=0, description="for the whole exchange; see also scan.listing_timeout_seconds"
    )
    max_redirects: int = Field(3, ge=0, description="each is vetted like the first URL")
    allow_hosts: tuple[str, ...] = Field(
        (), description="hosts or CIDR networks that may be private or loopback"
    )
    user_agent: str = Field(
        "counterfeit-image-matcher", description="how the matcher names itself to servers"
    )


class DatabaseSettings(Section):
    """Where the truth lies."""

    url: str = Field("", description="SQLAlchemy URL; empty: SQLite in the workspace")
    busy_timeout_seconds: float = Field(30.0, gt=0, description="how long another writer is waited for")


def _tile(tile: tuple[float, int]) -> tuple[float, int]:
    """The tile itself; any other share or number of steps would give boxes that lie beside the photo."""
    share, steps = tile
    if not (0 < share <= 1 and 1 <= steps <= 10):
        raise ValueError(f"[{share}, {steps}] is no tile: its share is above 0, at most 1, its steps 1 to 10")
    return tile


Tiles = tuple[Annotated[tuple[float, int], AfterValidator(_tile)], ...]
"""Grids of boxes, each of (share of a side, boxes a row)."""


class ModelSettings(Section):
    """Which models look at images, and at what size."""

    embedder: str = Field(
        "builtin",
        description="builtin, onnx:PATH, open_clip:ARCH/WEIGHTS, checkpoint:PATH or torchscript:PATH",
    )
    embed_side: int = Field(320, ge=64, description="longest side the builtin embedder sees, pixels")
    photo_tiles: Tiles = Field(
        ((0.75, 2), (0.5, 3)),
        description="regions of a photo with a descriptor of their own: (share of a side, steps 1 to 10)",
    )
    reference_tiles: Tiles = Field((), description="the same of a reference")
    keypoint_side: int = Field(512, ge=64, description="longest side in which keypoints are found, pixels")
    keypoint_count: int = Field(800, ge=16, description="keypoints kept of an image")
    logo: str = Field(
        "builtin", description="what finds and tells logos: builtin, onnx:FOLDER of logo models, or none"
    )
    logo_boxes: int = Field(8, ge=1, le=100, description="regions of a photo that are compared with logos")
    logo_least: float = Field(
        0.1, ge=0, le=1, description="a region less likely to hold a logo of any brand is not compared"
    )
    text: str = Field(
        "rapidocr", description="what reads text: rapidocr, tesseract:LANGUAGES, both with a comma, or none"
    )
    text_finder: str = Field(
        "builtin",
        pattern="^(builtin|none)$",
        description="what says where rapidocr has to look: builtin, or none to look everywhere",
    )
    text_side: int = Field(
        736, ge=64, le=4096, description="longest side in which rapidocr looks for lines of text, pixels"
    )


class MatchingSettings(Section):
    """How many references are proposed for a photo, and how they are verified."""

    by_descriptor: int = Field(10, ge=1, description="candidates proposed by descriptor")
    by_vote: int = Field(20, ge=0, description="candidates proposed by votes of local features; 0: none")
    voting_keypoints: int = Field(500, ge=1, description="keypoints of a photo that vote")
    voted_keypoints: int = Field(300, ge=1, description="keypoints of a reference that are voted for")
    verified: int = Field(10, ge=1, description="candidates whose keypoints are compared, likeliest first")
    mirrored: int = Field(2, ge=0, description="verified candidates of under 30 inliers also tried mirrored")
    ratio: float = Field(0.85, gt=0, le=1, description="nearest over second nearest keypoint distance")
    threshold: float = Field(4.0, gt=0, description="pixels on a 400-pixel canvas a match may be off")
    least_inliers: int = Field(5, ge=4, description="fewer agreeing keypoints verify nothing")
    least_prospect: float = Field(
        0.001,
        ge=0,
        le=1,
        description="a candidate that verification is less likely to confirm is not verified; 0: all are",
    )


class PolicySettings(Section):
    """Which policy weighs the evidence."""

    file: str = Field("", description="policy (TOML), relative to the workspace; empty: the one that ships")


class GallerySettings(Section):
    """How vectors are stored and searched."""

    flat_limit: int = Field(20_000, ge=0, description="beyond this many descriptors a gallery is trained")
    kind: str = Field(
        "auto",
        pattern="^(auto|flat|hnsw|ivfpq)$",
        description="what is trained beyond that; auto: IVF-PQ lists",
    )
    recall_target: float = Field(
        0.98, gt=0, le=1, description="nprobe or ef is chosen to reach it on a sample"
    )
    max_segments: int = Field(4, ge=1, description="more segments than this are compacted")


class ScanSettings(Section):
    """How a batch run is cut up."""

    workers: int = Field(0, ge=0, description="processes that examine, threads that describe; 0: one a core")
    chunk_photos: int = Field(32, ge=1, description="photos a worker examines between two commits")
    listing_timeout_seconds: float = Field(
        30.0,
        gt=0,
        description="a listing that takes longer fails; half of it is for fetching its photos, all together",
    )
    max_photos_per_listing: int = Field(24, ge=1, description="photos examined of one listing")
    max_report_rows: int = Field(2_000, ge=0, description="listings shown in report.html")

    @property
    def at_once(self) -> int:
        """How many photos are worked on at a time."""
        return self.workers or os.cpu_count() or 1


class ServiceSettings(Section):
    """How `matcher serve` treats requests."""

    max_request_bytes: int = Field(
        128 * 2**20, gt=0, description="largest request, bytes, all its photos together"
    )
    max_manifest_bytes: int = Field(
        2 * 2**30, gt=0, description="largest table of a scan or an import, bytes"
    )
    max_archive_bytes: int = Field(
        8 * 2**30, gt=0, description="largest ZIP of images, and largest upload in parts, bytes"
    )
    max_archive_entries: int = Field(100_000, gt=0, description="most entries of a ZIP of images")
    max_expanded_bytes: int = Field(
        32 * 2**30, gt=0, description="what a ZIP of images may hold when expanded, bytes"
    )
    max_uploads: int = Field(32, ge=1, description="uploads in parts that an owner may have open")
    upload_hours: float = Field(24.0, gt=0, description="how long an upload waits for its next part")
    keep_days: float = Field(
        30.0, gt=0, description="after this long the files and rows of an ended job are removed"
    )
    run_jobs: bool = Field(True, description="whether this server works on jobs, or only takes them")
    import_threads: int = Field(
        0, ge=0, description="threads that describe what a job imports; 0: one a core but one, left to checks"
    )
    lease_seconds: float = Field(
        30.0, gt=0, description="after this long without a heartbeat another server takes a job up"
    )
    poll_seconds: float = Field(1.0, gt=0, description="how often jobs are looked for")
    lookups_per_minute: int = Field(60, ge=1, description="look-ups of hashes a key may make in a minute")
    lookup_cosine: float = Field(
        0.7, ge=0, le=1, description="a look-up by descriptor gives references of this cosine or more"
    )
    checks_at_once: int = Field(0, ge=0, description="listings examined at a time; 0: one a core")
    checks_waiting: int = Field(
        16, ge=0, description="checks that may wait for those under way; more are refused for now"
    )
    open_examiners: int = Field(4, ge=1, description="owners whose examiner is kept open")
    refresh_seconds: float = Field(
        60.0, gt=0, description="after this long an open examiner is held against the whole catalog again"
    )
    session_idle_seconds: int = Field(
        3600, gt=0, description="a person who does nothing for so long has to sign in again"
    )
    session_seconds: int = Field(12 * 3600, gt=0, description="a session ends after so long, used or not")
    sign_in_failures: int = Field(
        10, ge=1, le=100, description="wrong passwords in a row that lock an account for a while"
    )
    lock_seconds: int = Field(900, gt=0, description="how long a lock lasts")
    drain_seconds: int = Field(20, ge=0, description="how long requests under way may go on at a stop")

    @property
    def examined_at_once(self) -> int:
        """How many listings are examined at a time."""
        return self.checks_at_once or os.cpu_count() or 1

    @property
    def imported_at_once(self) -> int:
        """How many images of an import are described at a time."""
        return self.import_threads or max(1, (os.cpu_count() or 1) - 1)


class Settings(Section):
    """Everything that can be set."""

    images: ImageSettings = ImageSettings()
    fetch: FetchSettings = FetchSettings()
    database: DatabaseSettings = DatabaseSettings()
    models: ModelSettings = ModelSettings()
    matching: MatchingSettings = MatchingSettings()
    policy: PolicySettings = PolicySettings()
    gallery: GallerySettings = GallerySettings()
    scan: ScanSettings = ScanSettings()
    service: ServiceSettings = ServiceSettings()


ENVIRONMENT = "MATCHER__"
"""Variables that begin so are settings: `MATCHER__SERVICE__RUN_JOBS=false` is `service.run_jobs = false`."""


def load_settings(path: Path | None, environment: Mapping[str, str] = os.environ) -> Settings:
    """Defaults, overridden by the TOML file at `path`, then by variables of the environment.

    Raises `ConfigError` naming the first wrong key.
    """
    table = {} if path is None else read_toml(path)[1]
    for name, text in environment.items():
        if name.startswith(ENVIRONMENT):
            _set(table, name, text)
    try:
        return Settings.model_validate(table)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        variable = ENVIRONMENT + key.upper().replace(".", "__")
        source = variable if variable in environment else str(path or "environment")
        reason = (
            "unknown key"
            if first["type"] == "extra_forbidden"
            else first["msg"].removeprefix("Value error, ")
        )
        raise ConfigError(source, key, reason) from error


def _set(table: dict[str, Any], name: str, text: str) -> None:
    """Put what a variable says into the table; it is a TOML value, or else plain text."""
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    *sections, key = name.removeprefix(ENVIRONMENT).lower().split("__")
    for section in sections:
        inner = table.setdefault(section, {})
        if not isinstance(inner, dict):
            raise ConfigError(name, section, "is no section of the settings")
        table = inner
    table[key] = value
