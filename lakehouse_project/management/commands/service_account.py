"""`lakehouse service-account create | token | list | end`"""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

import pghistory

from lakehouse_project.access import service_accounts
from lakehouse_project.management.command import LakehouseCommand


class Command(LakehouseCommand):
    help = "Users for programs: without a password, with a group, an owner and API tokens of their own."

    def add_arguments(self, parser: ArgumentParser) -> None:
        steps = parser.add_subparsers(dest="step", required=True)
        create = steps.add_parser("create", help="make one, and print its first token alone on the last line")
        create.add_argument("name")
        create.add_argument("--group", required=True, help="what it may do: viewer, curator, engineer, admin")
        create.add_argument("--owner", required=True, help="the user who answers for it")
        create.add_argument("--description", required=True, help="what it is for")
        token = steps.add_parser("token", help="print another token, which is shown this once")
        token.add_argument("name")
        for parser_ in (create, token):
            parser_.add_argument(
                "--days", type=int, help="how long the token is good; left out: until it is deleted"
            )
        steps.add_parser("list", help="all of them, and how many tokens each has")
        steps.add_parser("end", help="refuse it from now on, and delete its tokens").add_argument("name")

    def handle(self, *_args: Any, step: str, **options: Any) -> None:
        with pghistory.context(reason="command line"):
            getattr(self, f"_{step}")(**options)

    def _create(
        self, name: str, group: str, owner: str, description: str, days: int | None, **_: Any
    ) -> None:
        service_accounts.create(name, group=group, owner=owner, description=description)
        self._token(name, days)

    def _token(self, name: str, days: int | None, **_: Any) -> None:
        lifetime = None if days is None else timedelta(days=days)
        self.stdout.write(service_accounts.new_token(name, "command line", lifetime)[1])

    def _list(self, **_: Any) -> None:
        for account in service_accounts.every():
            groups = ", ".join(group.name for group in account.user.groups.all())
            state = "ended" if account.ended_at else f"{account.user.auth_token_set.count()} tokens"
            self.stdout.write(f"{account}  {groups}  {state}  {account.owner}: {account.description}")

    def _end(self, name: str, **_: Any) -> None:
        service_accounts.end(name)
        self.stdout.write(f"{name} has ended; its tokens are refused from now on.")
