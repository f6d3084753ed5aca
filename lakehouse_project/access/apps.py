from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "lakehouse_project.access"
    label = "access"
    verbose_name = "Access"
