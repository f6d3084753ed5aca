"""Services of the silver layer."""

from silver.services.connected import BrowseStar
from silver.services.lookups import Calendar
from silver.services.reading import ReadStar
from silver.services.rebuild import ForgetChanges, RebuildStar
from silver.services.refine import RefineChanges

__all__ = ["BrowseStar", "Calendar", "ForgetChanges", "ReadStar", "RebuildStar", "RefineChanges"]
