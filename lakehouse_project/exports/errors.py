"""Why an export cannot be made."""

from lakehouse_project.kernel.errors import InvalidInput, NotFound, PermanentError


class UnknownSource(NotFound):
    """There is no list of that name."""

    code = "unknown_source"


class ExportTooLarge(PermanentError):
    """The file would be larger than the operator allows."""

    code = "export_too_large"


class AlreadyCompressed(InvalidInput):
    """gzip would make nothing smaller."""

    code = "already_compressed"
