"""Admin pages of the lake."""

from lake.backups.admin import BackupAdmin
from lake.sql.admin import LakeQueryAdmin

__all__ = ["BackupAdmin", "LakeQueryAdmin"]
