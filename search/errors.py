"""Errors of search."""

from lakehouse_project.kernel.errors import InvalidInput, PermanentError, UnknownParameter


class NothingToEmbed(InvalidInput):
    """A text without a single token: it has no meaning that a vector could hold."""

    code = "nothing_to_embed"


class UnknownField(UnknownParameter):
    """A filter, facet or sort names a field that the searched entities do not have."""


class WeightsMissing(PermanentError):
    """The embedding weights are not installed."""

    code = "weights_missing"
