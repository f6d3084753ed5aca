"""`lakehouse graphql-schema`."""

from collections.abc import Mapping

from lakehouse_project.management.generate import GenerateCommand


class Command(GenerateCommand):
    help = "Write docs/schema.graphql: the GraphQL schema as it is, so that a change of it shows in a review."

    def files(self) -> Mapping[str, str]:
        from lakehouse_project.graphql.schema import sdl  # noqa: PLC0415  the types of all apps

        return {"schema.graphql": sdl()}
