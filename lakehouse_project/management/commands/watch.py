"""`lakehouse watch`"""

import time
from typing import Any

import structlog
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import OperationalError, close_old_connections

from bronze.dropfolder import DropFolder
from bronze.repositories import SourceFiles
from bronze.services import ReceiveFile
from lakehouse_project.env import env
from lakehouse_project.kernel.services import resolve

POLL_SECONDS = 1.0

log = structlog.get_logger(__name__)


class Command(BaseCommand):
    help = "Load every file that is put into the inbox folder of the state folder. Part of `lakehouse up`."

    def handle(self, *_args: Any, **_options: Any) -> None:
        folder = DropFolder(
            inbox=settings.LAKEHOUSE_HOME / "inbox",
            receive=resolve(ReceiveFile),
            files=resolve(SourceFiles),
            settle_seconds=env().drop_settle_seconds,
        )
        folder.inbox.mkdir(parents=True, exist_ok=True)
        log.info("watching", inbox=str(folder.inbox))
        while True:
            try:
                folder.step(time.monotonic())
            except OperationalError as error:
                log.warning("database_away", error=str(error))
                close_old_connections()
            time.sleep(POLL_SECONDS)
