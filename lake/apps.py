from django.apps import AppConfig


class LakeConfig(AppConfig):
    name = "lake"
    verbose_name = "Lake"

    def ready(self) -> None:
        from governance.quality import WATCHES  # noqa: PLC0415  models must be loaded first
        from lake.backups.alarm import watch_backups  # noqa: PLC0415  as above

        WATCHES.append(watch_backups)
