"""What a caller may do."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.db import models
from django.http import HttpRequest

from lakehouse_project.kernel.errors import PermanentError

T = TypeVar("T")


class Forbidden(PermanentError):
    """The caller is known but may not do this."""

    code = "forbidden"


def view_permission(model: type[models.Model]) -> str:
    """The permission to see rows of `model`."""
    return f"{model._meta.app_label}.view_{model._meta.model_name}"


def require(request: HttpRequest, permission: str) -> None:
    """Raise `Forbidden` unless the caller has the permission (`app.codename`)."""
    if not request.user.has_perm(permission):
        raise Forbidden(f"You need the permission {permission}, which none of your groups gives you.")


def permitted(permission: str) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """`require` as a decorator of a view, for what must come before the decorators below it."""

    def decorate(view: Callable[..., T]) -> Callable[..., T]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> T:
            require(request, permission)
            return view(request, *args, **kwargs)

        return guarded

    return decorate
