"""Errors of search."""

from lakehouse_project.kernel.errors import (
    InvalidInput,
    NotConfigured,
    NotFound,
    PermanentError,
    TransientError,
    UnknownParameter,
)


class NothingToEmbed(InvalidInput):
    """A text without a single token: it has no meaning that a vector could hold."""

    code = "nothing_to_embed"


class UnknownField(UnknownParameter):
    """A filter, facet or sort names a field that the searched entities do not have."""


class NoSuchRecord(NotFound):
    """The index holds no record of this key."""

    code = "record_not_found"


class WeightsMissing(PermanentError):
    """The embedding weights are not installed."""

    code = "weights_missing"


class NoCollection(InvalidInput):
    """A folder does not hold documents, queries and judgements that can be read."""

    code = "no_collection"


class EmbedderUnusable(NotConfigured):
    """The configured embedder cannot embed: a package or a file is missing, or the model is none that fits."""


class EngineUnavailable(TransientError):
    """The search server is down, too slow, overloaded, or broke off in the middle of an answer."""

    code = "search_unavailable"


class EngineRefused(PermanentError):
    """The search server does not accept the key."""

    code = "search_refused"


class EngineRejected(PermanentError):
    """The search server does not accept the request."""

    code = "search_rejected"


class CollectionMissing(EngineRejected):
    """The search server has no such collection, alias or document."""

    code = "search_collection_missing"


class CollectionExists(EngineRejected):
    """The search server has it already."""

    code = "search_collection_exists"


class RebuildRefused(PermanentError):
    """A rebuilt index does not hold what the rows hold: the old one stays in use."""

    code = "search_rebuild_refused"


class MirrorBusy(TransientError):
    """Another process is writing to the search server."""

    code = "search_mirror_busy"


class NoMirror(NotConfigured):
    """There is no search server to do it on."""
