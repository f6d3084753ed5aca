"""What every command for people has in common."""

from django.core.management.base import BaseCommand


class LakehouseCommand(BaseCommand):
    """Without Django's system checks: they judge the code, not the data, and load every page and route for that."""

    requires_system_checks = ()
