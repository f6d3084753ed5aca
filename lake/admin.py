"""Admin pages of the lake."""

from lake.backups.admin import BackupAdmin

__all__ = ["BackupAdmin"]
