"""Admin pages of the lake."""

from lake.sql.admin import LakeQueryAdmin

__all__ = ["LakeQueryAdmin"]
