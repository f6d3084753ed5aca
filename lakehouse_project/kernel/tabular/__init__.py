"""Lists as files: rows of any size as JSON, NDJSON, CSV, Parquet or an Arrow stream, in flat memory."""

from lakehouse_project.kernel.tabular.formats import Format, encoded, gzipped
from lakehouse_project.kernel.tabular.table import Table

__all__ = ["Format", "Table", "encoded", "gzipped"]
