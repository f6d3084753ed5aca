from django.apps import AppConfig


class BronzeConfig(AppConfig):
    name = "bronze"
    verbose_name = "Bronze"
