"""Object storage: where original files, published tables, exports and backups live: a local folder or S3."""

from lake.storage.local import LocalStorage
from lake.storage.port import ObjectVersion, ObjectWriter, Storage, StorageCorrupted, StoredFile
from lake.storage.s3 import S3Storage

__all__ = [
    "LocalStorage",
    "ObjectVersion",
    "ObjectWriter",
    "S3Storage",
    "Storage",
    "StorageCorrupted",
    "StoredFile",
]
