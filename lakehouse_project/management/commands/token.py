"""`lakehouse token USER`"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from lakehouse_project.auth import issue_token


class Command(BaseCommand):
    help = "Print a new API token for a user, alone on the last line. It is shown this once: only its digest is stored."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", help="user name, such as admin")

    def handle(self, *_args: Any, user: str, **_options: Any) -> None:
        self.stdout.write(issue_token(user))
