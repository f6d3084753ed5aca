"""The first administrator, for `lakehouse up`."""

import json
import secrets
from typing import Any

from django.contrib.auth.models import Group, User
from django.core.management.base import CommandError

from lakehouse_project.auth import issue_token
from lakehouse_project.management.command import LakehouseCommand

USERNAME = "admin"


class Command(LakehouseCommand):
    help = (
        "Create the first administrator if there is none; prints name, password and token as JSON, this once."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        if User.objects.filter(is_superuser=True).exists():
            return
        if User.objects.filter(username=USERNAME).exists():
            raise CommandError(
                f"There is a user {USERNAME!r} who is no administrator; make one with `lakehouse createsuperuser`."
            )
        password = secrets.token_urlsafe(15)
        user = User.objects.create_superuser(USERNAME, password=password)
        user.groups.add(Group.objects.get(name="admin"))
        self.stdout.write(
            json.dumps({"username": USERNAME, "password": password, "token": issue_token(USERNAME)})
        )
