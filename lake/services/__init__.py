"""Use cases of the lake."""

from lake.services.publishing import PublishTable
from lake.services.run import PublishLake
from lake.services.vacuum import VacuumLake

__all__ = ["PublishLake", "PublishTable", "VacuumLake"]
