"""The use cases of the bronze layer."""

from bronze.services.batches import DeleteBatch, WriteBatch
from bronze.services.curation import EditRecord, RecheckRecords
from bronze.services.intake import LoadDocuments, LoadFile, ReceiveFile, ReceiveFiles
from bronze.services.records import ChangeRecord, CreateRecord, DeleteRecord, ReplaceRecord, RowGate
from bronze.services.seeding import SeedLake

__all__ = [
    "ChangeRecord",
    "CreateRecord",
    "DeleteBatch",
    "DeleteRecord",
    "EditRecord",
    "LoadDocuments",
    "LoadFile",
    "RecheckRecords",
    "ReceiveFile",
    "ReceiveFiles",
    "ReplaceRecord",
    "RowGate",
    "SeedLake",
    "WriteBatch",
]
