"""The use cases of the bronze layer."""

from bronze.services.curation import EditRecord, RecheckRecords
from bronze.services.intake import LoadDocuments, LoadFile, ReceiveFile
from bronze.services.records import ChangeRecord, CreateRecord, DeleteRecord, ReplaceRecord, RowGate

__all__ = [
    "ChangeRecord",
    "CreateRecord",
    "DeleteRecord",
    "EditRecord",
    "LoadDocuments",
    "LoadFile",
    "RecheckRecords",
    "ReceiveFile",
    "ReplaceRecord",
    "RowGate",
]
