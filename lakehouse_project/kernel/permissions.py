"""What a caller may do."""

from django.db import models
from django.http import HttpRequest

from lakehouse_project.kernel.errors import PermanentError


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
