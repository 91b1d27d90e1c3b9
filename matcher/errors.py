"""Every error the matcher raises on purpose: one line for a person, its parts as attributes."""


class MatcherError(Exception):
    """Base of all deliberate errors; `str()` is one line that says what was wrong, where, and what to do."""


class UsageError(MatcherError):
    """The command or call was given something it cannot work with."""


class ConfigError(MatcherError):
    """A settings or policy file is wrong at `key`, or as a whole where that is empty."""

    def __init__(self, source: str, key: str, reason: str) -> None:
        super().__init__(f"{source}: {key}: {reason}" if key else f"{source}: {reason}")
        self.source, self.key, self.reason = source, key, reason


class ImageError(MatcherError):
    """An image was refused; nothing of it was kept."""

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(f"{source}: {reason}")
        self.source, self.reason = source, reason


class FetchError(ImageError):
    """A URL was refused or could not be fetched."""


class ManifestError(MatcherError):
    """A whole manifest cannot be read (a bad row is a `RowError`)."""

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(f"{source}: {reason}")
        self.source, self.reason = source, reason


class RowError(MatcherError):
    """One row of a manifest is bad; `line` counts from 1 and includes the header."""

    def __init__(self, source: str, line: int, reason: str) -> None:
        super().__init__(f"{source}:{line}: {reason}")
        self.source, self.line, self.reason = source, line, reason


class CatalogError(MatcherError):
    """The catalog refuses a change or cannot find what was named."""


class MissingError(CatalogError):
    """`what` was named and is not there; `advice` says where to look on the command line."""

    def __init__(self, what: str, advice: str = "") -> None:
        super().__init__(f"{what}: {advice}" if advice else what)
        self.what, self.advice = what, advice


class StorageError(CatalogError):
    """The database, the image store or a temporary file fails; nothing was wrong with what was asked."""


class GalleryError(MatcherError):
    """A gallery's files are missing, damaged, locked or of another model."""

    def __init__(self, gallery: str, reason: str) -> None:
        super().__init__(f"gallery {gallery}: {reason}")
        self.gallery, self.reason = gallery, reason


class ModelError(MatcherError):
    """A model's name is unknown or its weights cannot be used."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"model {name}: {reason}")
        self.name, self.reason = name, reason


class DescriptorError(ModelError):
    """A model makes no descriptor of one image; of others it does."""


class ScanError(MatcherError):
    """A scan cannot start or resume."""


class ScanMovedError(ScanError):
    """Somebody else has gone on with the scan meanwhile; nothing of what was to be committed is."""
