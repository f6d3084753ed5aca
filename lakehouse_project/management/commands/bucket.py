"""`lakehouse bucket create|list|verify`"""

from argparse import ArgumentParser
from dataclasses import replace
from typing import Any

from lake.buckets import DEFAULT_REGION, Buckets
from lake.s3 import client
from lakehouse_project.management.command import LakehouseCommand
from lakehouse_project.stores import access


class Command(LakehouseCommand):
    help = "Create, list or verify buckets of the S3 store that the AWS_ settings name."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        create = verbs.add_parser("create", help="create a bucket; says so if it is yours already")
        create.add_argument("name")
        create.add_argument("--region", help="where to create it; else AWS_REGION, else us-east-1")
        verbs.add_parser("list", help="the buckets of the account")
        verify = verbs.add_parser("verify", help="write, read and delete an object in it")
        verify.add_argument("name")

    def handle(
        self, *_args: Any, verb: str, name: str = "", region: str | None = None, **_options: Any
    ) -> None:
        buckets = _buckets(region)
        if verb == "create":
            self._create(buckets, name)
        elif verb == "verify":
            facts = buckets.verify(name)
            versions = "keeps versions" if facts.keeps_versions else "keeps no versions"
            self.stdout.write(
                f"{name}: an object was written, read and deleted. Region {facts.region}, {versions}."
            )
        else:
            self.stdout.write("\n".join(buckets.names()) or "The account has no buckets.")

    def _create(self, buckets: Buckets, name: str) -> None:
        made = buckets.create(name)
        region = buckets.region or DEFAULT_REGION
        self.stdout.write(
            f"{name} is created in {region}." if made == "created" else f"{name} exists, and it is yours."
        )
        self.stdout.write(f"To keep the lake there: STORAGE_URL=s3://{name}/lakehouse")


def _buckets(region: str | None) -> Buckets:
    given = access()
    wanted = replace(given, region=region or given.region)
    return Buckets(client=client(wanted), region=wanted.region)
