"""People with a login who search."""

from django.contrib.auth.models import Group, User
from django.test import Client


def client_of(group: str) -> Client:
    user = User.objects.create_user(f"{group}@test")
    user.groups.add(Group.objects.get_or_create(name=group)[0])
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client
