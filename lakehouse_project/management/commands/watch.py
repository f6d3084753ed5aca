"""`lakehouse watch`"""

import sys
import threading
import time
from typing import Any

import structlog
from django.db import OperationalError, close_old_connections

from bronze.services.inbox import WatchInbox
from lakehouse_project.inboxes import watched
from lakehouse_project.kernel.errors import TransientError
from lakehouse_project.management.command import LakehouseCommand

FOLDER_SECONDS = 1.0
BUCKET_SECONDS = 5.0
"""Every look at a bucket costs money."""
AGAIN_SECONDS = 30.0

log = structlog.get_logger(__name__)


class Command(LakehouseCommand):
    help = (
        "Load every file that is put into the inbox folder of the state folder, or into the bucket of INBOX_URL. "
        "Part of `lakehouse up`."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Each inbox has a thread, so that a large object or a slow store holds up no folder."""
        ended = threading.Event()
        for watch in watched():
            threading.Thread(target=_keep_watching, args=(watch, ended), daemon=True).start()
        ended.wait()
        sys.exit(1)  # the thread has said why; the supervisor starts the command again


def _keep_watching(watch: WatchInbox, ended: threading.Event) -> None:
    log.info("watching", inbox=watch.inbox.where)
    usual = FOLDER_SECONDS if watch.inbox.via == "folder" else BUCKET_SECONDS
    try:
        while True:
            time.sleep(usual if _step(watch) else AGAIN_SECONDS)
    finally:
        ended.set()


def _step(watch: WatchInbox) -> bool:
    """False if there was no looking into the inbox."""
    try:
        watch.step(time.monotonic())
    except OperationalError as error:
        log.warning("database_away", error=str(error))
        close_old_connections()
    except TransientError as error:
        log.warning("inbox_away", inbox=watch.inbox.where, error=error.message)
        return False
    return True
