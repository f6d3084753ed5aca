"""`lakehouse dictionary`."""

from collections.abc import Mapping

from lakehouse_project.dictionary import dictionary
from lakehouse_project.management.generate import GenerateCommand


class Command(GenerateCommand):
    help = "Write docs/data-dictionary.md: every field of every contract, and the columns of silver and gold."

    def files(self) -> Mapping[str, str]:
        return {"data-dictionary.md": dictionary()}
