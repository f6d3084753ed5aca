"""Errors of the bronze layer."""

from lakehouse_project.kernel.errors import Conflict, InvalidInput, NotFound, PermanentError


class UnknownDataset(NotFound):
    """No data set has this name."""

    code = "unknown_dataset"


class RecordNotFound(NotFound):
    """The data set has no record with this key."""

    code = "record_not_found"


class RecordExists(Conflict):
    """A record with this key exists already."""

    code = "record_exists"


class RecordInUse(Conflict):
    """Other records refer to this one."""

    code = "record_in_use"


class ContractViolation(InvalidInput):
    """A row breaks rules of its contract."""

    code = "contract_violation"


class FileNotReceived(NotFound):
    """No source file has this id."""

    code = "file_not_found"


class WorkerDied(PermanentError):
    """Loading this file killed the worker again and again."""

    code = "worker_died"
