"""What the marts read from silver and bronze, and what they keep."""

from gold.repositories.changes import MartChanges
from gold.repositories.files import mart_table
from gold.repositories.frames import StarFrames
from gold.repositories.reading import MartReader, MartRows
from gold.repositories.states import TableStates
from gold.repositories.tables import MartTables

__all__ = ["MartChanges", "MartReader", "MartRows", "MartTables", "StarFrames", "TableStates", "mart_table"]
