"""`lakehouse diagrams`."""

from collections.abc import Mapping

from lakehouse_project.diagrams import diagrams
from lakehouse_project.management.generate import GenerateCommand


class Command(GenerateCommand):
    help = "Write docs/diagrams/: the tables of each layer and the flow of the whole lake."

    def files(self) -> Mapping[str, str]:
        return {f"diagrams/{name}.md": text for name, text in diagrams().items()}
