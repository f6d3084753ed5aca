"""`lakehouse lake …`"""

from argparse import ArgumentParser
from typing import Any

from lakehouse_project.management import lake_publishing, lake_queries
from lakehouse_project.management.command import LakehouseCommand


class Command(LakehouseCommand):
    help = (
        "Publish the tables of the lake, list them, delete files that nobody reads any more; query them, here or on Athena, "
        "and see what a query reads and costs."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        lake_publishing.add_verbs(verbs)
        lake_queries.add_verbs(verbs)

    def handle(self, *_args: Any, verb: str, **options: Any) -> None:
        family = lake_publishing if verb in lake_publishing.VERBS else lake_queries
        family.run(verb, self.stdout, options)
