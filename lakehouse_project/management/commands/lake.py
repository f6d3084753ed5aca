"""`lakehouse lake …`"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from lakehouse_project.management import lake_queries


class Command(BaseCommand):
    help = "Query the published tables of the lake, here or on Athena, and see what a query reads and costs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        lake_queries.add_verbs(verbs)

    def handle(self, *_args: Any, verb: str, **options: Any) -> None:
        lake_queries.run(verb, self.stdout, options)
