"""The composition: how every service is built. Nothing is opened at import; a container lives as long as the process.

The services of the lake have one of their own, with all the others in it: what they stand on (DuckDB, Arrow, Delta Lake)
takes 70 MB, which a process that loads a file or answers a search does not need.
"""

from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import wireup
from django.conf import settings
from django.db import transaction

from bronze import ocr
from bronze import repositories as bronze_repositories
from bronze import services as bronze
from bronze.admission import AdmissionLimits
from bronze.catalog import Datasets
from bronze.conflicts import Conflicts
from bronze.documents import Documents
from bronze.encryption import FieldCipher
from bronze.enrichment.repositories import StoredRates
from bronze.enrichment.sources import RateFile, RateSource
from bronze.history import Revisions
from bronze.quarantine import Quarantine
from bronze.rejected import RejectedRecords
from bronze.services.rates import FetchRates
from bronze.staged import StagedFiles
from bronze.undo import FileUndo
from gold import services as gold
from gold.repositories import MartChanges, MartReader, MartTables, StarFrames, TableStates
from governance.feed import ChangeFeed
from governance.operations.repositories import Operations
from governance.operations.results import ResultFiles
from governance.operations.services import ForgetOperations
from governance.repositories import Runs
from governance.restrictions import Restrictions
from lake.storage import Storage
from lakehouse_project import composed_search
from lakehouse_project.env import env
from lakehouse_project.exports.services import MIB, WriteExport
from lakehouse_project.kernel.events import EventBus
from lakehouse_project.pipeline import CeleryEventBus
from lakehouse_project.stores import storage_of
from search import services as search
from search.embedding import Embedder
from search.repositories import DocumentRows
from search.sources import Changes
from silver import services as silver
from silver.repositories.connected import ConnectedRows
from silver.repositories.reading import StarRows

T = TypeVar("T")


@wireup.injectable
def result_files() -> ResultFiles:
    return ResultFiles(folder=settings.LAKEHOUSE_HOME / "exports")


@wireup.injectable
def forget_operations(operations: Operations, files: ResultFiles) -> ForgetOperations:
    keep = timedelta(days=env().operation_keep_days)
    return ForgetOperations(operations=operations, files=files, keep=keep)


@wireup.injectable
def write_export() -> WriteExport:
    return WriteExport(max_bytes=env().export_max_mb * MIB)


@wireup.injectable
def storage() -> Storage:
    return storage_of(env().storage_url)


@wireup.injectable
def events() -> EventBus:
    return CeleryEventBus()


@wireup.injectable
def cipher() -> FieldCipher:
    return FieldCipher(env().secret("field_key"))


@wireup.injectable
def receive_file(
    files: bronze_repositories.SourceFiles, stored: Storage, bus: EventBus
) -> bronze.ReceiveFile:
    return bronze.ReceiveFile(files=files, storage=stored, events=bus, limits=_admission_limits())


@wireup.injectable
def unpack_files() -> bronze.UnpackFiles:
    return bronze.UnpackFiles(limits=_admission_limits(), folder=settings.FILE_UPLOAD_TEMP_DIR)


def _admission_limits() -> AdmissionLimits:
    return AdmissionLimits(
        max_bytes=settings.MAX_UPLOAD_BYTES,
        max_expanded_bytes=settings.MAX_UNPACKED_BYTES,
        max_ratio=settings.MAX_UNPACK_RATIO,
        max_files=settings.MAX_ARCHIVE_FILES,
        max_columns=settings.MAX_COLUMNS,
    )


@wireup.injectable
def staged_files() -> StagedFiles:
    return StagedFiles(folder=settings.LAKEHOUSE_HOME / "staged")


@wireup.injectable
def read_scans(documents: Documents, stored: Storage, bus: EventBus) -> bronze.ReadScans:
    languages = env().ocr_languages
    return bronze.ReadScans(
        documents=documents,
        storage=stored,
        events=bus,
        lacking=lambda: ocr.lacking(languages),
        read_page=lambda path, number: ocr.read_page(path, number, languages),
    )


@wireup.injectable
def seed_lake(receive: bronze.ReceiveFile) -> bronze.SeedLake:
    return bronze.SeedLake(receive=receive, folder=settings.LAKEHOUSE_HOME / "seed")


@wireup.injectable
def fetch_rates(receive: bronze.ReceiveFile) -> FetchRates:
    return FetchRates(
        receive=receive,
        stored=StoredRates(),
        source=_rate_source(),
        reporting_currency=settings.REPORTING_CURRENCY,
    )


def _rate_source() -> RateSource | None:
    wanted = env().rate_source
    if wanted is None:
        return None
    if wanted.startswith(("http://", "https://")):
        from bronze.enrichment.frankfurter import FrankfurterRates  # noqa: PLC0415  and an HTTP cache: seldom wanted

        return FrankfurterRates(url=wanted, cache=settings.LAKEHOUSE_HOME / "cache")
    return RateFile(Path(wanted))


@wireup.injectable
def refine_changes(bus: EventBus) -> silver.RefineChanges:
    calendar = silver.Calendar(
        holidays_country=settings.HOLIDAYS_COUNTRY, fiscal_year_start=settings.FISCAL_YEAR_START
    )
    return silver.RefineChanges(
        events=bus,
        calendar=calendar,
        reporting_currency=settings.REPORTING_CURRENCY,
        rate_max_age_days=env().rate_max_age_days,
    )


@wireup.injectable
def refresh_marts(bus: EventBus) -> gold.RefreshMarts:
    return gold.RefreshMarts(
        changes=MartChanges(),
        compute=gold.ComputeMarts(star=StarFrames(), tables=MartTables()),
        states=TableStates(),
        feed=ChangeFeed("gold"),
        events=bus,
        atomic=transaction.atomic,
    )


@wireup.injectable
def refresh_views() -> gold.RefreshViews:
    return gold.RefreshViews(states=TableStates())


@wireup.injectable
def write_files() -> gold.WriteFiles:
    return gold.WriteFiles(
        reader=MartReader(), states=TableStates(), folder=settings.LAKEHOUSE_HOME / "output"
    )


@wireup.injectable
def read_mart() -> gold.ReadMart:
    return gold.ReadMart(reader=MartReader())


@wireup.injectable
def project_changes(meaning: Embedder) -> search.ProjectChanges:
    return search.ProjectChanges(
        feed=ChangeFeed("search"),
        changes=Changes(),
        rows=DocumentRows(is_mirrored=env().typesense_url is not None),
        embedder=meaning,
        atomic=transaction.atomic,
    )


PLAIN: tuple[type[Any], ...] = (
    bronze_repositories.SourceFiles,
    bronze_repositories.RawRecords,
    Documents,
    Datasets,
    RejectedRecords,
    Revisions,
    FileUndo,
    bronze.ReceiveFiles,
    bronze.ReceiveStaged,
    bronze.StageFiles,
    bronze.MergeRows,
    bronze.LoadFile,
    bronze.LoadTracked,
    bronze.LookAtFile,
    bronze.ExportRejected,
    bronze.OpenOriginal,
    bronze.RetryFile,
    bronze.PreviewFile,
    bronze.PreviewUndo,
    bronze.UndoFile,
    bronze.RestoreRevision,
    Conflicts,
    bronze.ResolveConflict,
    bronze.ResolveConflicts,
    bronze.LoadDocuments,
    bronze.LinkDocument,
    bronze.DeleteDocument,
    bronze.ExtractAgain,
    bronze.ExtractWanted,
    bronze.RecheckRecords,
    bronze.StorePatch,
    bronze.EditRecord,
    Quarantine,
    bronze.RepairPlanner,
    bronze.PreviewRepair,
    bronze.RepairRecords,
    bronze.DeleteQuarantined,
    bronze.CreateDataset,
    bronze.ChangeDataset,
    bronze.DeleteDataset,
    bronze.RowGate,
    bronze.CreateRecord,
    bronze.ReplaceRecord,
    bronze.ChangeRecord,
    bronze.DeleteRecord,
    bronze.RestoreRecord,
    bronze.WriteBatch,
    bronze.ChangeBatch,
    bronze.DeleteBatch,
    Restrictions,
    Runs,
    Operations,
    StarRows,
    silver.ReadStar,
    ConnectedRows,
    silver.FollowStar,
    silver.ReadBehind,
    silver.RebuildStar,
    silver.ForgetChanges,
)
"""Classes whose constructors say all there is to know."""


FACTORIES = (
    result_files,
    forget_operations,
    write_export,
    events,
    cipher,
    receive_file,
    unpack_files,
    staged_files,
    read_scans,
    seed_lake,
    fetch_rates,
    refine_changes,
    refresh_marts,
    refresh_views,
    write_files,
    read_mart,
    project_changes,
    *composed_search.FACTORIES,
    storage,
)


@cache
def _container(*, with_lake: bool) -> wireup.SyncContainer:
    factories: tuple[Any, ...] = FACTORIES
    plain = PLAIN
    if with_lake:
        from lakehouse_project import composed_backups, composed_lake, composed_queries  # noqa: PLC0415  they are large

        factories += (*composed_lake.FACTORIES, *composed_queries.FACTORIES, *composed_backups.FACTORIES)
        plain += composed_lake.PLAIN
    return wireup.create_sync_container(
        injectables=[*factories, *(wireup.injectable(kind) for kind in plain)]
    )


def get(kind: type[T]) -> T:
    """The service of class `kind`."""
    is_of_lake = kind is not Storage and kind.__module__.partition(".")[0] == "lake"
    return _container(with_lake=is_of_lake).get(kind)
