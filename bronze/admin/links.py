"""Links of the pages of the admin."""

from collections.abc import Mapping

from django.utils.html import format_html_join
from django.utils.safestring import SafeString


def links(addresses: Mapping[str, str]) -> SafeString:
    pairs = ((address, label) for label, address in addresses.items())
    return format_html_join(
        " · ", '<a href="{}" class="text-primary-600 whitespace-nowrap dark:text-primary-500">{}</a>', pairs
    )
