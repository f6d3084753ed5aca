"""The use cases of the bronze layer."""

from bronze.services.batches import DeleteBatch, WriteBatch
from bronze.services.change_batch import ChangeBatch
from bronze.services.curation import EditRecord, RecheckRecords, ResolveConflict, ResolveConflicts, StorePatch
from bronze.services.datasets import ChangeDataset, CreateDataset, DeleteDataset
from bronze.services.documents import DeleteDocument, ExtractAgain, ExtractWanted, LinkDocument
from bronze.services.history import PreviewUndo, RestoreRevision, UndoFile
from bronze.services.intake import LoadDocuments, LoadFile, MergeRows
from bronze.services.ocr import ReadScans
from bronze.services.originals import OpenOriginal, RetryFile
from bronze.services.preview import LookAtFile, PreviewFile
from bronze.services.quarantine import DeleteQuarantined, PreviewRepair, RepairPlanner, RepairRecords
from bronze.services.receiving import ReceiveFile, ReceiveFiles, UnpackFiles
from bronze.services.records import (
    ChangeRecord,
    CreateRecord,
    DeleteRecord,
    ReplaceRecord,
    RestoreRecord,
    RowGate,
)
from bronze.services.rejected import Download, ExportRejected
from bronze.services.seeding import SeedLake
from bronze.services.staging import ReceiveStaged, StageFiles
from bronze.services.tracked import LoadTracked

__all__ = [
    "ChangeBatch",
    "ChangeDataset",
    "ChangeRecord",
    "CreateDataset",
    "CreateRecord",
    "DeleteBatch",
    "DeleteDataset",
    "DeleteQuarantined",
    "DeleteDocument",
    "DeleteRecord",
    "Download",
    "EditRecord",
    "ExportRejected",
    "ExtractAgain",
    "ExtractWanted",
    "LinkDocument",
    "LoadDocuments",
    "LoadFile",
    "LoadTracked",
    "LookAtFile",
    "MergeRows",
    "OpenOriginal",
    "PreviewFile",
    "PreviewRepair",
    "PreviewUndo",
    "RecheckRecords",
    "ReadScans",
    "ReceiveFile",
    "ReceiveFiles",
    "ReceiveStaged",
    "RepairPlanner",
    "RepairRecords",
    "ReplaceRecord",
    "ResolveConflict",
    "ResolveConflicts",
    "RestoreRecord",
    "RestoreRevision",
    "RetryFile",
    "RowGate",
    "SeedLake",
    "StageFiles",
    "StorePatch",
    "UndoFile",
    "UnpackFiles",
    "WriteBatch",
]
