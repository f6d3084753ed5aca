"""What can go wrong with backups."""

from lakehouse_project.kernel.errors import Conflict, NotConfigured, NotFound, PermanentError, TransientError


class BackupBusy(TransientError):
    """Another backup, verification or restore is at work on this database."""

    code = "backup_busy"


class BackupNotFound(NotFound):
    """There is no such backup."""

    code = "backup_not_found"


class BackupProgramMissing(NotConfigured):
    """No pg_dump or pg_restore that fits the server."""

    code = "backup_program_missing"


class BackupFailed(TransientError):
    """A program of PostgreSQL, or the server, stopped the work."""

    code = "backup_failed"


class BackupDamaged(PermanentError):
    """What the storage has of a backup is not what was stored."""

    code = "backup_damaged"


class BackupLocked(PermanentError):
    """It is encrypted, and the identity that opens it is missing or another one."""

    code = "backup_locked"


class RestoreRefused(Conflict):
    """A restore would destroy something, or has nowhere to go."""

    code = "restore_refused"
