"""Use cases of the gold layer."""

from gold.services.computing import ComputeMarts
from gold.services.publish import RefreshViews, WriteFiles
from gold.services.read import ReadMart
from gold.services.refresh import RefreshMarts

__all__ = ["ComputeMarts", "ReadMart", "RefreshMarts", "RefreshViews", "WriteFiles"]
