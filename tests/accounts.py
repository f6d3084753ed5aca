"""People with a login, for tests."""

from django.contrib.auth.models import Group, User


def member(name: str, group: str = "viewer") -> User:
    """Somebody of a group."""
    user = User.objects.create_user(name)
    user.groups.add(Group.objects.get(name=group))
    return user
