"""What the framework leaves out of the OpenAPI document: every error, the headers of answers, what follows on an answer, and
examples."""

from bronze.api.routes import ROW
from lakehouse_project.openapi.document import Json, operations
from lakehouse_project.openapi.errors import answered, errors, name_of, problem_answer
from lakehouse_project.openapi.examples import Examples, add_examples
from lakehouse_project.openapi.headers import HEADERS, add_headers, with_headers
from lakehouse_project.openapi.links import Links


def finish(document: Json) -> None:
    """Complete the document in place."""
    login, links = _common_login(document), Links(document)
    for path, method, operation in operations(document):
        _parameters(operation)
        links.add(path, method, operation)
    for path, method, operation in operations(document):
        row = operation.pop(ROW, {})
        errors(method, operation)
        add_headers(document, path, operation, is_record=bool(row))
        add_examples(operation, Examples(document, path), row)
        if operation.get("security") == login:
            del operation["security"]
        else:
            operation["security"] = []
    document["security"] = login
    document["components"]["headers"] = HEADERS
    document["components"]["responses"] = {
        name_of(status): with_headers(problem_answer(status), status) for status in sorted(answered(document))
    }


def _common_login(document: Json) -> list[Json]:
    return next(found for *_, each in operations(document) if (found := each.get("security")))


def _parameters(operation: Json) -> None:
    """What the parameter says itself is not said by its schema again."""
    for parameter in operation["parameters"]:
        repeated = {"title", "description"} & parameter["schema"].keys()
        parameter["schema"] = {
            name: value for name, value in parameter["schema"].items() if name not in repeated
        }
