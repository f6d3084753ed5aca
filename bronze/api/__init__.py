"""Routes of the bronze layer: files with their receipts, and raw records of every data set, single and in batches."""

from bronze.api import batches, datasets, documents, files, history, quarantine, records, restrictions
from lakehouse_project.kernel.versions import Versions

versions = Versions()
versions.add_router("/files", files.versions)
versions.add_router("/documents", documents.versions)
versions.add_router("/history", history.versions)
versions.add_router("/quarantine", quarantine.versions)
versions.add_router("", batches.versions)
versions.add_router("", datasets.versions)
versions.add_router("", restrictions.versions)
versions.add_router("", records.versions)

__all__ = ["versions"]
