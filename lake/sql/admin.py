"""Queries in the admin: the history; the editor comes with `editor`."""

from django.contrib import admin

from lake.sql.models import LakeQuery
from lakehouse_project.kernel.admin import ReadOnlyAdmin


@admin.register(LakeQuery)
class LakeQueryAdmin(ReadOnlyAdmin):
    list_display = ("run_id",)
