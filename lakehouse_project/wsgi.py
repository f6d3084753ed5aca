"""The web application, for `granian --interface wsgi lakehouse_project.wsgi:application`."""

import os
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any

from django.core.wsgi import get_wsgi_application

from lakehouse_project.bodies import WholeBody
from lakehouse_project.loading import much_is_loaded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lakehouse_project.settings")

with much_is_loaded():
    _django = get_wsgi_application()
    for _name in ("urls", "graphql.execution"):  # they take time, which the first request shall not wait for
        import_module(f"lakehouse_project.{_name}")


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Django, with bodies that are whole or an error."""
    environ["wsgi.input"] = WholeBody(environ["wsgi.input"], int(environ.get("CONTENT_LENGTH") or 0))
    return _django(environ, start_response)
