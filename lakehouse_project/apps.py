from django.apps import AppConfig


class LakehouseConfig(AppConfig):
    name = "lakehouse_project"
    verbose_name = "lakehouse"

    def ready(self) -> None:
        from lakehouse_project import checks, container  # noqa: F401, PLC0415  models must be loaded first
        from lakehouse_project.kernel import services  # noqa: PLC0415

        services.install(container.get)
