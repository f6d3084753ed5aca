"""The marts in the admin: to look at, not to edit."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import models
from django.test import Client
from django.urls import reverse

from gold.admin import SHOWN
from tests.integration.gold.warehouse import Warehouse


@pytest.fixture
def client(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


@pytest.mark.parametrize("model", SHOWN, ids=lambda model: model.__name__)
def test_each_list_opens_and_offers_no_edit(
    model: type[models.Model], warehouse: Warehouse, client: Client
) -> None:
    name = f"admin:gold_{model._meta.model_name}"
    response = client.get(reverse(f"{name}_changelist"), {"q": "x"})
    assert response.status_code == 200
    assert model in admin.site._registry
    assert client.get(reverse(f"{name}_add")).status_code == 403
