"""Errors of the bronze layer."""

import errno

from lakehouse_project.kernel.errors import Conflict, InvalidInput, NotFound, PermanentError, TransientError


class UnknownDataset(NotFound):
    """No data set has this name."""

    code = "unknown_dataset"


class DatasetExists(Conflict):
    """A data set of this name exists already."""

    code = "dataset_exists"


class DatasetFixed(Conflict):
    """A contract in the code says what the data set is; nobody changes or deletes that at run time."""

    code = "dataset_fixed"


class DatasetInUse(Conflict):
    """The data set has records or files, which do not allow what was asked."""

    code = "dataset_in_use"


class BadDescription(InvalidInput):
    """The description of a data set contradicts itself."""

    code = "bad_description"


class RecordNotFound(NotFound):
    """The data set has no record with this key."""

    code = "record_not_found"


class RecordExists(Conflict):
    """A record with this key exists already."""

    code = "record_exists"


class RecordInUse(Conflict):
    """Other records refer to this one."""

    code = "record_in_use"


class RevisionNotFound(NotFound):
    """The record has no earlier revision of this number."""

    code = "revision_not_found"


class ConflictNotFound(NotFound):
    """The record has no conflict over this field."""

    code = "conflict_not_found"


class FileNotLoaded(Conflict):
    """Only what has been loaded can be undone."""

    code = "file_not_loaded"


class ContractViolation(InvalidInput):
    """A row breaks rules of its contract."""

    code = "contract_violation"


class BatchRefused(InvalidInput):
    """Rows of a batch cannot be taken, so none was; `errors` says which rows and why."""

    code = "batch_refused"


class BatchSize(InvalidInput):
    """A batch has no row, or too many."""

    code = "batch_size"


class BatchConflict(Conflict):
    """The state of some records does not allow the batch, so nothing was done; `errors` says which and why."""

    code = "batch_conflict"


class FileNotReceived(NotFound):
    """No source file has this id."""

    code = "file_not_found"


class FilesRefused(InvalidInput):
    """Of several files sent together some cannot be taken, so none was."""

    code = "files_refused"


class StagedFileGone(NotFound):
    """A file that was sent to be looked at is not there any more."""

    code = "staged_file_gone"


class NothingRejected(NotFound):
    """No row of the file is in quarantine."""

    code = "nothing_rejected"


class FileNotFailed(Conflict):
    """Only what has failed can be tried again."""

    code = "file_not_failed"


class DatasetBusy(TransientError):
    """Somebody else writes to the data set, and a dry run does not wait for long."""

    code = "dataset_busy"


class FileChanged(TransientError):
    """The file was written to between the look at it and its copy."""

    code = "file_changed"


class RecordsBusy(TransientError):
    """Somebody else is writing the same records, such as the load of a large file."""

    code = "records_busy"


class WorkerDied(PermanentError):
    """Loading this file killed the worker again and again."""

    code = "worker_died"


class OriginalMissing(PermanentError):
    """The bytes of a received file are no longer in the storage."""

    code = "original_missing"


class StorageUnavailable(TransientError):
    """The storage cannot be written: it is full, or not writable."""

    code = "storage_unavailable"


class StorageFull(StorageUnavailable):
    """There is no room left on the disk of the storage."""

    code = "storage_full"


def storage_error(what: str, error: OSError) -> StorageUnavailable:
    """`what`: which file cannot be kept."""
    kind = StorageFull if error.errno in (errno.ENOSPC, errno.EDQUOT) else StorageUnavailable
    return kind(f"{what}: {error.strerror or error}. Nothing of it was kept.")


class InboxUnavailable(TransientError):
    """The drop folder cannot be looked into."""

    code = "inbox_unavailable"


class DocumentNotFound(NotFound):
    """No document has this SHA-256."""

    code = "document_not_found"


class UnknownUser(InvalidInput):
    """There is no valid record of this user."""

    code = "unknown_user"
