"""`lakehouse token USER`"""

from argparse import ArgumentParser
from typing import Any

from lakehouse_project.auth import issue_token
from lakehouse_project.management.command import LakehouseCommand


class Command(LakehouseCommand):
    help = "Print a new API token for a user, alone on the last line. It is shown this once: only its digest is stored."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", help="user name, such as admin")

    def handle(self, *_args: Any, user: str, **_options: Any) -> None:
        self.stdout.write(issue_token(user))
