"""Tasks of the lake queue."""

from lake.backups.tasks import back_up_when_due, create_backup, prune_backups, verify_backup

__all__ = ["back_up_when_due", "create_backup", "prune_backups", "verify_backup"]
