"""Why a query of the lake is not run, or did not end well."""

from lake.errors import LakeUnavailable
from lakehouse_project.kernel.errors import NotFound, PermanentError


class StatementNotAllowed(PermanentError):
    """Not one SELECT over tables of the lake."""

    code = "lake_statement_not_allowed"


class InvalidQuery(PermanentError):
    """The engine does not understand the query, or a value in it."""

    code = "lake_query_invalid"


class QueryRefused(PermanentError):
    """The scan guard: it would read without a partition filter, or too much. `context["estimate"]` says how much."""

    code = "lake_query_refused"


class QueryTooLong(PermanentError):
    """The query was stopped at the limit of time."""

    code = "lake_query_too_long"


class QueryTooLarge(PermanentError):
    """The query was stopped at the limit of memory or of room for what does not fit into it."""

    code = "lake_query_too_large"


class TableUnreadable(PermanentError):
    """A table that other programs have changed so that this version cannot read it soundly."""

    code = "lake_table_unreadable"


class QueryNotFound(NotFound):
    """No such query, or somebody else's."""

    code = "lake_query_not_found"


class ResultNotReady(PermanentError):
    """The query has no result: it waits, runs, or has failed."""

    code = "lake_result_not_ready"


class NothingPublished(NotFound):
    """The lake has no rows to ask about."""

    code = "lake_empty"


class FilesGone(LakeUnavailable):
    """Files that a query was to read have been removed since it was looked at."""
