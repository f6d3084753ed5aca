"""Service accounts in the admin: to make, to look at and to end. The API and the command line make their tokens."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from lakehouse_project.access import service_accounts
from lakehouse_project.access.models import ApiToken, ServiceAccount
from lakehouse_project.kernel.admin import LayerAdmin, ReadOnlyAdmin


class AccountForm(forms.ModelForm):  # type: ignore[type-arg]  # generic only for the type checker
    """What a new account needs."""

    name = forms.RegexField(
        r"^[A-Za-z0-9_.@+-]+\Z",
        max_length=150,
        widget=UnfoldAdminTextInputWidget,
        help_text="Letters, digits and @ . + - _",
    )
    group = forms.ModelChoiceField(
        Group.objects.order_by("name"), widget=UnfoldAdminSelectWidget, help_text="What it may do."
    )

    class Meta:
        model = ServiceAccount
        fields = ("name", "group", "owner", "description")

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if User.objects.filter(username=name).exists():
            raise forms.ValidationError("There is a user of that name already.")
        return name


@admin.register(ServiceAccount)
class ServiceAccountAdmin(LayerAdmin):
    list_display = ("user", "groups", "owner", "description", "created_at", "ended_at")
    list_select_related = ("user", "owner")
    search_fields = ("user__username", "description")
    form = AccountForm
    actions = ("end",)
    readonly_fields = ("groups", "tokens", "created_at", "ended_at")

    @admin.display(description="Groups")
    def groups(self, account: ServiceAccount) -> str:
        return ", ".join(group.name for group in account.user.groups.all())

    @admin.display(description="Tokens")
    def tokens(self, account: ServiceAccount) -> str:
        found = ApiToken.objects.filter(user=account.user)
        return ", ".join(f"{token}, last used {token.last_used_at or 'never'}" for token in found) or "none"

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        shown = ("user", "groups", "owner", "description", "tokens", "created_at", "ended_at")
        return shown if obj else ("name", "group", "owner", "description")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Ended, not deleted: what it did stays known."""
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        said = form.cleaned_data
        made = service_accounts.create(
            said["name"],
            group=said["group"].name,
            owner=said["owner"].get_username(),
            description=said["description"],
        )
        obj.user, obj.created_at = made.user, made.created_at

    @admin.action(description="End: refuse them from now on, and delete their tokens", permissions=["end"])
    def end(self, request: HttpRequest, chosen: QuerySet[ServiceAccount]) -> None:
        for account in chosen:
            service_accounts.end(account.user.get_username())
        self.message_user(request, f"{len(chosen)} ended.", messages.SUCCESS)

    def has_end_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("access.delete_serviceaccount")


class EventAdmin(ReadOnlyAdmin):
    """What the triggers of a table have kept: what changed, and who did it."""

    list_display = ("pgh_created_at", "pgh_label", "user", "by")
    list_filter = ("pgh_label",)
    list_select_related = ("user", "pgh_context")
    ordering = ("-pgh_id",)

    @admin.display(description="By")
    def by(self, event: Any) -> str:
        known = event.pgh_context.metadata if event.pgh_context else {}
        user = User.objects.filter(pk=known.get("user") or 0).first()
        return user.get_username() if user else str(known.get("reason", "not known"))


_TRACKED: tuple[Any, ...] = (ServiceAccount, ApiToken)
for _model in _TRACKED:
    admin.site.register(_model.pgh_event_models["insert"], EventAdmin)
