"""What `lakehouse up` needs done in the database before it can serve; not a command for people."""

import io
import json
from typing import Any

from django.core.checks import Tags
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, transaction

from bronze.models import SourceFile
from lakehouse_project.management.command import LakehouseCommand


class Command(LakehouseCommand):
    help = "Migrate, create the first administrator; prints {administrator, is_empty} as JSON (used by `up`)."

    def handle(self, *_args: Any, **_options: Any) -> None:
        self.check(tags=[Tags.database], databases=[DEFAULT_DB_ALIAS])
        call_command("migrate", interactive=False, stdout=self.stderr)
        account = io.StringIO()
        with transaction.atomic():  # an administrator whose password nobody saw would be of no use
            call_command("bootstrap_admin", stdout=account)
        answer = {
            "administrator": json.loads(account.getvalue() or "{}"),
            "is_empty": not SourceFile.objects.exists(),
        }
        self.stdout.write(json.dumps(answer))
