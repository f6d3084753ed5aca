"""Service accounts: made, listed and ended, each with tokens of its own. The history of the tables says who did it."""

from datetime import timedelta

from django.contrib.auth.models import Group, User
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from lakehouse_project.access import tokens
from lakehouse_project.access.models import ApiToken, ServiceAccount
from lakehouse_project.kernel.errors import Conflict, FieldError, InvalidInput, NotFound


def every() -> QuerySet[ServiceAccount]:
    """By name, those that have ended included."""
    return ServiceAccount.objects.select_related("user", "owner").prefetch_related("user__groups")


def named(name: str) -> ServiceAccount:
    """Raises `NotFound`."""
    account = None if "\x00" in name else every().filter(user__username=name).first()
    if account is None:
        raise NotFound(f"There is no service account {name!r}.")
    return account


def create(name: str, *, group: str, owner: str, description: str) -> ServiceAccount:
    """Raises `Conflict` for a name that a user has, `InvalidInput` for a group or an owner that there is not."""
    answers = User.objects.filter(username=owner, is_active=True, service_account=None).first()
    if answers is None:
        raise _invalid("owner", f"There is no active person {owner!r}.")
    chosen = Group.objects.filter(name=group).first()
    if chosen is None:
        known = ", ".join(Group.objects.order_by("name").values_list("name", flat=True))
        raise _invalid("group", f"There is no group {group!r}. Known: {known}.")
    try:
        with transaction.atomic():
            user = User.objects.create_user(name)  # without a password, none is right
            user.groups.add(chosen)
            return ServiceAccount.objects.create(user=user, owner=answers, description=description)
    except IntegrityError as error:
        raise Conflict(
            f"There is a user {name!r} already; the name of an account that has ended stays taken."
        ) from error


def end(name: str) -> None:
    """Refuse it from now on, and delete its tokens. One that has ended already is fine. Raises `NotFound`."""
    with transaction.atomic():
        account = named(name)
        ServiceAccount.objects.filter(pk=account.pk, ended_at=None).update(ended_at=timezone.now())
        User.objects.filter(pk=account.pk).update(is_active=False)
        ApiToken.objects.filter(user=account.user).delete()


def new_token(name: str, token_name: str, lifetime: timedelta | None) -> tuple[ApiToken, str]:
    """A token, and what it is in clear. Raises `NotFound`, `Conflict` if the account has ended."""
    account = named(name)
    if account.ended_at is not None:
        raise Conflict(f"The service account {name!r} has ended.")
    return tokens.create(account.user, token_name, lifetime)


def _invalid(field: str, message: str) -> InvalidInput:
    return InvalidInput(message, errors=[FieldError(field, "unknown", message)])
