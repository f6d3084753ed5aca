"""The curation desk: data sets, files with their receipts, raw records with their errors, documents."""

from bronze.admin import datasets, documents, files, records, restrictions

__all__ = ["datasets", "documents", "files", "records", "restrictions"]
