"""Services of the silver layer."""

from silver.services.connected import FollowStar, ReadBehind
from silver.services.lookups import Calendar
from silver.services.reading import ReadStar
from silver.services.rebuild import ForgetChanges, RebuildStar
from silver.services.refine import RefineChanges

__all__ = [
    "Calendar",
    "FollowStar",
    "ForgetChanges",
    "ReadBehind",
    "ReadStar",
    "RebuildStar",
    "RefineChanges",
]
