"""Models of the lake."""

from lake.sql.models import LakeQuery

__all__ = ["LakeQuery"]
