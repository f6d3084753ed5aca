"""Is everything that the lakehouse needs there and working, and if not, what to do?"""

import shutil
import tempfile
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import RedisError

from bronze import ocr
from bronze.dropfolder import DropFolder
from bronze.repositories import dataset_names
from lake.backups.status import DescribeProtection
from lakehouse_project.celery import app
from lakehouse_project.env import env
from lakehouse_project.inboxes import drop_bucket, drop_folder
from lakehouse_project.kernel.errors import LakehouseError, NotConfigured, TransientError
from lakehouse_project.kernel.services import resolve
from lakehouse_project.ratelimits import counter
from lakehouse_project.stores import storage_of
from search.embedding import Embedder
from search.engines.typesense.index import TypesenseIndex
from search.graph import MeaningGraph
from search.models import SearchDocument
from search.services import DescribeEngine

_LEAST_FREE_MB = 500
_FOLDERS_NAMED = 10
_WORKER_ANSWER_SECONDS = 3.0
_START = "Start it with `lakehouse up`"


class Ailment(Exception):
    """What is wrong, and what to do about it."""

    def __init__(self, finding: str, advice: str) -> None:
        super().__init__(finding)
        self.advice = advice


@dataclass(frozen=True)
class Diagnosis:
    """The result of one check; `advice` is empty when all is well."""

    name: str
    finding: str
    advice: str = ""

    @property
    def is_healthy(self) -> bool:
        return not self.advice


def examine() -> list[Diagnosis]:
    """Run every check, whatever the others found."""
    checks: dict[str, Callable[[], str]] = {
        "database": _database,
        "broker": _broker,
        "rate limits": _rate_limits,
        "worker": _worker,
        "search": _search,
        "storage": _storage,
        "inbox": _inbox,
        "ocr": _ocr,
        "backups": _backups,
    }
    return [_diagnose(name, check) for name, check in checks.items()]


def _diagnose(name: str, check: Callable[[], str]) -> Diagnosis:
    try:
        return Diagnosis(name, check())
    except Ailment as ailment:
        return Diagnosis(name, str(ailment), ailment.advice)


def _database() -> str:
    """It answers and its schema is current."""
    _require_address(env().database(), "DATABASE_URL")
    try:
        with connection.cursor() as cursor:
            cursor.execute("SHOW server_version")
            (version,) = cursor.fetchone()
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        raise Ailment(_first_line(error), f"{_START}, or check DATABASE_URL.") from error
    if pending:
        raise Ailment(f"{len(pending)} migrations are not applied", "Run `lakehouse migrate`.")
    return f"PostgreSQL {version.split()[0]}, schema is current"


def _broker() -> str:
    _require_address(env().broker(), "BROKER_URL")
    try:
        with app.connection_for_write() as broker:
            broker.ensure_connection(max_retries=1, timeout=2)
            waiting = sum(_length(broker.default_channel, queue.name) for queue in app.conf.task_queues)
    except (BrokerError, OSError) as error:
        raise Ailment(_first_line(error), f"{_START}, or check BROKER_URL.") from error
    return f"{waiting} tasks are waiting"


def _rate_limits() -> str:
    """Valkey counts requests; while it does not, nobody is limited."""
    limits = settings.RATE_LIMITS
    if not any(limits.values()):
        return "off"
    try:
        counter().ping()
    except RedisError as error:
        raise Ailment(f"requests are not counted: {_first_line(error)}", "Mend the broker first.") from error
    return ", ".join(f"{limit} {name.replace('_', ' ')}" for name, limit in limits.items()) + " a minute"


def _length(channel: object, queue: str) -> int:
    return int(channel.client.llen(queue))  # type: ignore[attr-defined]


def _worker() -> str:
    try:
        answers = app.control.ping(timeout=_WORKER_ANSWER_SECONDS, limit=1 + env().ocr)
    except (BrokerError, OSError) as error:
        raise Ailment("cannot be asked without the broker", "Mend the broker first.") from error
    if not answers:
        raise Ailment("no worker answers", f"{_START}; logs/worker.log says why it ended.")
    return "answers"


def _search() -> str:
    """The rows can be read, and the search server, if there is one, answers, accepts the key and has the indexes."""
    try:
        documents = SearchDocument.objects.count()
        engine, meaning = resolve(DescribeEngine)(), resolve(Embedder)
        is_embedded_anew = MeaningGraph(meaning.id, meaning.dims).foreign()
    except DatabaseError as error:
        raise Ailment(_first_line(error), "Mend the database first.") from error
    except NotConfigured as error:
        raise Ailment(error.message, "Mend EMBEDDER, or leave it empty.") from error
    if is_embedded_anew:
        raise Ailment(
            f"some of {documents:,} passages were embedded by another embedder than {meaning.id}",
            "A worker embeds them anew; until then they are found by their words alone. Give every part the same EMBEDDER.",
        )
    finding = f"mode {engine['mode']}, {documents:,} passages, embedder {meaning.id}"
    if engine["mode"] == "postgresql":
        return finding
    try:
        server = resolve(TypesenseIndex).check()
    except LakehouseError as error:
        advice = "Check TYPESENSE_URL and TYPESENSE_API_KEY; PostgreSQL answers meanwhile."
        raise Ailment(f"mode degraded: {error.message}", advice) from error
    if engine["reason"]:
        raise Ailment(
            f"{server}; {engine['reason']}", "A worker builds it: see the runs, or `lakehouse reindex`."
        )
    waiting = engine["outbox"]
    return (
        f"{finding}, {server}, {waiting['waiting']:,} waiting, {waiting['failing']:,} of them refused before"
    )


def _storage() -> str:
    """Something can be written, read back and deleted; a folder has room, too."""
    where = storage_of(env().storage_url)
    key = f".doctor/{uuid.uuid4().hex}"
    try:
        with where.write(key) as out:
            out.write(b"lakehouse")
        is_right = where.digest(key) == out.sha256
        where.delete_prefix(".doctor/")
    except OSError as error:
        finding = f"{where.where}: {error.strerror}"
        raise Ailment(finding, "Make the folder writable, or set STORAGE_URL or LAKEHOUSE_HOME.") from error
    except TransientError as error:
        raise Ailment(error.message, "Check STORAGE_URL and the AWS_ settings.") from error
    if not is_right:
        raise Ailment(f"{where.where} gives back other bytes than were written", "Do not use this storage.")
    return where.where if env().storage_url else _room(Path(where.where))


def _room(folder: Path) -> str:
    free_mb = shutil.disk_usage(folder).free // 1024**2
    if free_mb < _LEAST_FREE_MB:
        raise Ailment(f"only {free_mb:,} MB are free for {folder}", "Free some disk space.")
    return f"{folder}, {free_mb:,} MB free"


def _require_address(address: str, setting: str) -> None:
    if not address:
        raise Ailment(
            f"the lakehouse of {env().lakehouse_home} is not running", f"{_START}, or set {setting}."
        )


def _inbox() -> str:
    """Files can be put into it and moved within it, every folder in it is looked into, and so is the bucket of INBOX_URL."""
    folder, bucket = drop_folder(), drop_bucket()
    try:
        folder.root.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder.root, prefix=".probe-"):
            pass
    except OSError as error:
        raise Ailment(f"{folder.where}: {error.strerror}", "Make the folder writable.") from error
    _require_known_folders(folder)
    if bucket is None:
        return folder.where
    try:
        list(bucket.waiting(()))
    except TransientError as error:
        advice = "Check INBOX_URL and the AWS_ settings; `lakehouse watch` tries again by itself."
        raise Ailment(error.message, advice) from error
    return f"{folder.where} and {bucket.where}"


def _require_known_folders(folder: DropFolder) -> None:
    """What is put into a folder whose name is misspelled would lie there for ever."""
    try:
        strange = folder.strange(dataset_names())
    except DatabaseError:
        return  # which is told by its own check
    if strange:
        names = ", ".join(map(repr, strange[:_FOLDERS_NAMED])) + (
            "…" if len(strange) > _FOLDERS_NAMED else ""
        )
        raise Ailment(
            f"{folder.where} has folders that belong to no data set, in which nothing is taken: {names}",
            "Rename them to a data set, create it, or put the files into the inbox itself.",
        )


def _ocr() -> str:
    if not env().ocr:
        return "off"
    if sentence := ocr.lacking(env().ocr_languages):
        raise Ailment(
            sentence, "Install it (Debian: tesseract-ocr and tesseract-ocr-<language>), or set OCR=false."
        )
    return f"tesseract reads {env().ocr_languages}"


def _backups() -> str:
    """The newest verified backup is not too old."""
    try:
        protection = resolve(DescribeProtection)()
    except DatabaseError as error:
        raise Ailment(_first_line(error), "Mend the database first.") from error
    if protection.is_overdue:
        advice = "Run `lakehouse backup create --verify`; the runs tell why those of the worker failed."
        raise Ailment(protection.sentence, advice)
    return protection.sentence


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
