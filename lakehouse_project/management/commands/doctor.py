"""`lakehouse doctor`."""

from typing import Any

from lakehouse_project.doctor import Diagnosis, examine
from lakehouse_project.management.command import LakehouseCommand


class Command(LakehouseCommand):
    help = "Check database, broker, worker, search and storage. Exit status 1 when something is wrong."

    def handle(self, *_args: Any, **_options: Any) -> None:
        diagnoses = examine()
        for diagnosis in diagnoses:
            self._show(diagnosis)
        if not all(diagnosis.is_healthy for diagnosis in diagnoses):
            raise SystemExit(1)

    def _show(self, diagnosis: Diagnosis) -> None:
        style, sign = (self.style.SUCCESS, "ok ") if diagnosis.is_healthy else (self.style.ERROR, "BAD")
        line = f"{sign} {diagnosis.name:9} {diagnosis.finding}"
        self.stdout.write(style(line if diagnosis.is_healthy else f"{line}\n    → {diagnosis.advice}"))
