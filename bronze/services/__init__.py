"""The use cases of the bronze layer."""

from bronze.services.batches import DeleteBatch, WriteBatch
from bronze.services.curation import EditRecord, RecheckRecords, ResolveConflict
from bronze.services.history import PreviewUndo, RestoreRevision, UndoFile
from bronze.services.intake import (
    LoadDocuments,
    LoadFile,
    MergeRows,
    ReceiveFile,
    ReceiveFiles,
    UnpackFiles,
)
from bronze.services.preview import PreviewFile
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
    "MergeRows",
    "PreviewFile",
    "PreviewUndo",
    "RecheckRecords",
    "ReceiveFile",
    "ReceiveFiles",
    "ReplaceRecord",
    "ResolveConflict",
    "RestoreRevision",
    "RowGate",
    "SeedLake",
    "UndoFile",
    "UnpackFiles",
    "WriteBatch",
]
