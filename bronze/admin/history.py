"""The history of a record, as a part of its page."""

from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from bronze.history import Revisions
from lakehouse_project.kernel.services import resolve

TABLE = (
    '<table style="width:100%;text-align:left"><thead><tr><th>Revision</th><th>When</th><th>Who</th><th>Why</th>'
    "<th>Changed</th><th>Status</th></tr></thead><tbody>{}</tbody></table>"
)


def history_table(record_id: int) -> SafeString:
    """The revisions of a record, newest first. Names of fields alone: nobody sees more than in the record."""
    rows = format_html_join(
        "",
        "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
        (
            (
                found.revision,
                date_format(localtime(found.at), "DATETIME_FORMAT"),
                found.user or "-",
                found.reason,
                ", ".join(found.changed) or "-",
                found.status,
            )
            for found in resolve(Revisions).of(record_id)
        ),
    )
    return format_html(TABLE, rows)
