"""How routes, tasks, commands and admin pages get a service without knowing how it is built.

Services are plain classes; `lakehouse_project.container` wires them and installs itself here at start-up.
"""

from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


class _Resolver:
    get: Callable[[type[Any]], Any] | None = None


def install(get: Callable[[type[Any]], Any]) -> None:
    """Called once by the composition."""
    _Resolver.get = staticmethod(get)


def resolve(kind: type[T]) -> T:
    """The service of class `kind`, with its dependencies."""
    if _Resolver.get is None:
        raise RuntimeError("No container is installed: call django.setup() first.")
    service: T = _Resolver.get(kind)
    return service
