"""Tables of logins, tokens and service accounts. None holds anything that one could log in with."""

from datetime import timedelta
from typing import ClassVar
from uuid import uuid4

import pghistory
from django.conf import settings
from django.db import models, transaction
from django.utils import timezone
from knox.models import AbstractAuthToken
from knox.settings import CONSTANTS

USE_IS_NOTED_EVERY = timedelta(minutes=1)


class JwtLogin(models.Model):
    """One login with a password, and all JSON Web Tokens that came of it: it is gone once they are revoked."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    refresh_id = models.UUIDField(help_text="Id of the one refresh token that has not been used.")
    password_mark = models.CharField(max_length=128, help_text="Changes with the password of the user.")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.user} {self.created_at:%Y-%m-%d %H:%M}"


@pghistory.track(
    pghistory.InsertEvent(),
    pghistory.DeleteEvent(),
    model_name="ApiTokenEvent",
    fields=["id", "user", "name", "token_key", "created", "expiry"],
    meta={"verbose_name": "API token event"},
)
class ApiToken(AbstractAuthToken):  # type: ignore[misc]  # knox has no types
    """A token of knox with a name and an id: only its digest and its first characters are stored."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    digest = models.CharField(max_length=CONSTANTS.DIGEST_LENGTH, unique=True)
    name = models.CharField(max_length=100)
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.name} ({self.token_key}…)"

    def note_use(self) -> None:
        """To the minute, so that a busy program does not write with each request. It waits for no other request that
        notes the same."""
        now = timezone.now()
        if self.last_used_at is None or self.last_used_at < now - USE_IS_NOTED_EVERY:
            with transaction.atomic():
                free = type(self).objects.select_for_update(skip_locked=True).filter(pk=self.pk)
                for token in free:
                    token.last_used_at = now
                    token.save(update_fields=["last_used_at"])


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent())
class ServiceAccount(models.Model):
    """A user that is a program: it has a group and API tokens, and no password. Somebody answers for it."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="service_account"
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Who answers for what it does.",
    )
    description = models.CharField(max_length=500, help_text="What it is for.")
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering: ClassVar = ["user__username"]

    def __str__(self) -> str:
        return self.user.get_username()
