"""The use cases of the bronze layer."""

from bronze.services.curation import EditRecord, RecheckRecords
from bronze.services.intake import LoadDocuments, LoadFile, ReceiveFile, ReceiveFiles
from bronze.services.records import ChangeRecord, CreateRecord, DeleteRecord, ReplaceRecord, RowGate
from bronze.services.seeding import SeedLake

__all__ = [
    "ChangeRecord",
    "CreateRecord",
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
]
