"""`lakehouse rejected FILE_ID > file`"""

import sys
from argparse import ArgumentParser
from typing import Any

from bronze.services import ExportRejected
from lakehouse_project.kernel.services import resolve
from lakehouse_project.management.command import LakehouseCommand


class Command(LakehouseCommand):
    help = "Print the rows of a loaded file that are in quarantine, in its own format and with the reasons."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file_id", type=int, metavar="FILE_ID", help="the number that the receipt has")

    def handle(self, *_args: Any, file_id: int, **_options: Any) -> None:
        for piece in resolve(ExportRejected)(file_id).content:
            sys.stdout.buffer.write(piece)
