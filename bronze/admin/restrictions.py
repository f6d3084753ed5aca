"""Restricted data sets, for administrators."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminSelectMultipleWidget, UnfoldAdminSelectWidget

from bronze.repositories import dataset_names
from governance.models import Restriction
from lakehouse_project.kernel.admin import LayerAdmin


class RestrictionForm(forms.ModelForm):  # type: ignore[type-arg]  # generic only for the type checker
    """A data set, and the groups that see it."""

    name = forms.ChoiceField(
        label="Data set",
        widget=UnfoldAdminSelectWidget,
        choices=lambda: [("", "Choose one"), *((name, name) for name in sorted(dataset_names()))],
    )
    groups = forms.MultipleChoiceField(
        required=False,
        widget=UnfoldAdminSelectMultipleWidget,
        choices=lambda: [
            (name, name) for name in Group.objects.order_by("name").values_list("name", flat=True)
        ],
        help_text="Administrators see it in any case.",
    )

    class Meta:
        model = Restriction
        fields = ("name", "groups")


@admin.register(Restriction)
class RestrictionAdmin(LayerAdmin):
    list_display = ("name", "shown_groups")
    form = RestrictionForm
    readonly_on_change: ClassVar = ("name",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.readonly_on_change if obj else ()

    @admin.display(description="Seen by")
    def shown_groups(self, restriction: Restriction) -> str:
        return ", ".join(restriction.groups) or "administrators alone"
