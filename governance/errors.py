"""What can be wrong with a request about an operation."""

from lakehouse_project.kernel.errors import Conflict, NotFound, PermanentError


class OperationNotFound(NotFound):
    """There is no such operation, or it is somebody else's."""

    code = "operation_not_found"


class OperationFinished(Conflict):
    """What has ended cannot be cancelled."""

    code = "operation_finished"


class OperationOpen(Conflict):
    """There is no result yet."""

    code = "operation_open"


class NoResult(NotFound):
    """The operation has ended and left nothing to fetch."""

    code = "no_result"


class OperationCancelled(PermanentError):
    """Somebody wants the work to stop, or it was stopped before it began."""

    code = "operation_cancelled"


class RangeNotSatisfiable(PermanentError):
    """The bytes asked for are not in the file."""

    code = "range_not_satisfiable"
