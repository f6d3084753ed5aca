"""Models of the lake."""

from lake.backups.models import Backup

__all__ = ["Backup"]
