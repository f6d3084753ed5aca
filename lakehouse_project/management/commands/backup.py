"""`lakehouse backup create|list|verify|restore|discard|prune`"""

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from psycopg import ProgrammingError, conninfo
from rich.console import Console

from governance.services import track
from lake.backups.create import CreateBackup
from lake.backups.depot import LATEST, Depot
from lake.backups.domain import Retention
from lake.backups.prune import PruneBackups
from lake.backups.repositories import Receipts
from lake.backups.restore import RestoreBackup
from lake.backups.server import Server
from lake.backups.status import DescribeProtection
from lake.backups.verify import VerifyBackup
from lakehouse_project.composed_backups import after_restore, discard_former, live_server
from lakehouse_project.env import env
from lakehouse_project.kernel.services import resolve
from lakehouse_project.management import backups as words
from lakehouse_project.management.asking import require_word
from lakehouse_project.management.command import LakehouseCommand


class Command(LakehouseCommand):
    help = (
        "Back up the database to the storage, prove backups by restoring them, restore them, let old ones go."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        create = verbs.add_parser("create", help="make a backup")
        create.add_argument("--verify", action="store_true", help="and verify it")
        create.add_argument(
            "--with-secrets",
            action="store_true",
            help="with the keys of secrets.json; needs BACKUP_RECIPIENT",
        )
        verbs.add_parser("list", help="the backups in the storage, and how well protected everything is")
        verify = verbs.add_parser(
            "verify", help="restore one into a scratch database and compare it with its counts"
        )
        verify.add_argument(
            "--server", type=_server, help="postgresql://… where the scratch database is made instead"
        )
        restore = verbs.add_parser("restore", help="put one in the place of the database, or beside it")
        restore.add_argument("--into", metavar="NAME", help="restore into a new database of this name")
        restore.add_argument(
            "--no-safety-backup", action="store_true", help="do not back up the present state first"
        )
        restore.add_argument("--drop-former", action="store_true", help="drop the replaced database")
        for verb in (verify, restore):
            verb.add_argument(
                "identifier", nargs="?", default=LATEST, metavar="ID", help="which one; else the latest"
            )
            verb.add_argument("--identity", type=Path, metavar="FILE", help="identity of age that opens it")
        discard = verbs.add_parser("discard", help="drop a database that a restore has set aside")
        discard.add_argument("name", metavar="NAME")
        prune = verbs.add_parser("prune", help="remove old backups; says which and why, and asks")
        for rule in Retention.model_fields:
            prune.add_argument(f"--{rule.replace('_', '-')}", type=int, help="instead of the setting")
        prune.add_argument("--dry-run", action="store_true", help="only say what would go")
        for verb in (restore, discard, prune):
            verb.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *_args: Any, verb: str, **options: Any) -> None:
        verbs: Mapping[str, Callable[..., None]] = {
            "create": self._create,
            "list": self._list,
            "verify": self._verify,
            "restore": self._restore,
            "discard": self._discard,
            "prune": self._prune,
        }
        verbs[verb](**options)

    def _create(self, *, verify: bool, with_secrets: bool, **_options: Any) -> None:
        with _working("making a backup"), track("backup", reason="request") as run:
            backup = resolve(CreateBackup)(with_secrets=with_secrets)
            run.counts, run.message = backup.counts, f"Backup {backup.id}"
        self._say(*words.created(backup, resolve(Depot).storage.where, env().backup_recipient))
        if verify:
            self._verify(identifier=backup.id, identity=None, server=None)

    def _list(self, **_options: Any) -> None:
        found = resolve(Depot).find()
        resolve(Receipts).replace(found.backups)
        self._say(*words.listed(found), "", f"Now: {resolve(DescribeProtection)().sentence}.")

    def _verify(
        self, *, identifier: str, identity: Path | None, server: Server | None, **_options: Any
    ) -> None:
        with (
            _working("restoring into a scratch database"),
            track("backup_verification", backup=identifier) as run,
        ):
            backup = resolve(VerifyBackup)(identifier, identity_file=identity, on=server)
            run.message = backup.verdict
            run.state = run.state if backup.state == "verified" else run.State.FAILED
        self._say(*words.verified(backup))
        if backup.state != "verified":
            raise SystemExit(1)

    def _restore(
        self, *, identifier: str, into: str | None, identity: Path | None, yes: bool, **options: Any
    ) -> None:
        backup, live = resolve(Depot).restorable(identifier), live_server().database
        self._say(*words.about_to_restore(backup, into or live, in_place=into is None))
        if into is None and not yes:
            require_word(
                live, f"Type the name of the database ({live}) to replace it: ", "Nothing was restored."
            )
        with _working("restoring"):
            restored = resolve(RestoreBackup)(
                backup.id,
                into=into,
                identity_file=identity,
                with_safety=not options["no_safety_backup"],
                drop_former=options["drop_former"],
            )
        pending = after_restore(restored, resolve(Depot)) if into is None else 0
        has_server = env().typesense_url is not None
        self._say(*words.replaced(restored, pending, in_place=into is None, has_search_server=has_server))

    def _discard(self, *, name: str, yes: bool, **_options: Any) -> None:
        if not yes:
            require_word(name, f"Type the name of the database ({name}) to drop it: ", "Nothing was dropped.")
        discard_former(name)
        self._say(f"The database {name} is dropped.")

    def _prune(self, *, dry_run: bool, yes: bool, **options: Any) -> None:
        prune = resolve(PruneBackups)
        rules = {rule: options[rule] for rule in Retention.model_fields if options[rule] is not None}
        retention = _retention({**prune.retention.model_dump(), **rules})
        plan = prune.plan(retention)
        self._say(*words.planned(plan))
        if dry_run or not (plan.doomed or plan.loose):
            return
        if plan.doomed and not yes:
            require_word("yes", f"Remove {len(plan.doomed)} backups? [yes/no] ", "Nothing was removed.")
        with track("backup_prune") as run:
            prune(retention, only={decision.id for decision in plan.doomed})
            run.counts = {"removed": len(plan.doomed)}
        self._say(f"{len(plan.doomed)} backups removed.")

    def _say(self, *lines: str) -> None:
        self.stdout.write("\n".join(lines))


def _working(what: str) -> Any:
    return Console(stderr=True).status(what)


def _server(url: str) -> Server:
    try:
        parameters = conninfo.conninfo_to_dict(url)
    except ProgrammingError:
        parameters = {}
    if not {"host", "dbname"} <= parameters.keys():
        raise ArgumentTypeError("an address looks like postgresql://user:password@host:5432/name")
    return Server({name: str(value) for name, value in parameters.items()})


def _retention(rules: Mapping[str, int]) -> Retention:
    if rules["keep_last"] < 1 or min(rules.values()) < 0:
        raise CommandError("--keep-last must be at least 1, --keep-days and --keep-monthly at least 0.")
    return Retention(**rules)
