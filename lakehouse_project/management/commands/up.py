"""`lakehouse up` as Django lists it; the entry point calls the runtime before it loads Django."""

import argparse
from typing import Any

from django.core.management.base import CommandParser

from lakehouse_project.management.command import LakehouseCommand
from lakehouse_project.runtime.main import add_arguments, up


class Command(LakehouseCommand):
    help = "Start everything: database, broker, web server, worker. The first run sets up and seeds."

    def add_arguments(self, parser: CommandParser) -> None:
        add_arguments(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        raise SystemExit(up(argparse.Namespace(**options)))
