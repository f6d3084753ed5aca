"""`lakehouse lake …`"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from lakehouse_project.management import lake_publishing


class Command(BaseCommand):
    help = "Publish the tables of the lake, list them, delete files that nobody reads any more."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        lake_publishing.add_verbs(verbs)

    def handle(self, *_args: Any, verb: str, **options: Any) -> None:
        if verb in lake_publishing.VERBS:
            lake_publishing.run(verb, self.stdout, options)
