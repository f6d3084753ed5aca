"""A client of the GraphQL endpoint with a login, which can ask the REST API as well."""

from dataclasses import dataclass
from typing import Any

import orjson

from tests.integration.api.client import Api, client_of

ADDRESS = "/graphql/"


@dataclass
class Graph:
    """Sends queries. CSRF is enforced, as outside of tests."""

    api: Api

    def post(self, body: Any, content_type: str = "application/json", **headers: str) -> Any:
        """`body`: bytes as they are, everything else as JSON."""
        data = body if isinstance(body, bytes) else orjson.dumps(body)
        return self.api.client.generic(
            "POST", ADDRESS, data, content_type, headers=self.api.headers | headers
        )

    def send(self, query: str, **variables: Any) -> Any:
        return self.post({"query": query, "variables": variables})

    def ask(self, query: str, **variables: Any) -> Any:
        """The data of an answer without errors."""
        response = self.send(query, **variables)
        body = response.json()
        assert (response.status_code, body.get("errors")) == (200, None), body
        return body["data"]

    def refused(self, query: str, **variables: Any) -> Any:
        """The extensions of the first error."""
        return error_of(self.send(query, **variables))

    def rest(self, path: str, **query: Any) -> Any:
        response = self.api.client.get(f"/api/v1{path}", query, headers=self.api.headers)
        assert response.status_code == 200, response.content
        return response.json()


def error_of(response: Any) -> dict[str, Any]:
    """The extensions of the first error of an answer, which look like a problem."""
    error = response.json()["errors"][0]
    found: dict[str, Any] = error["extensions"]
    assert error["message"] == found["message"]
    assert found["instance"] == f"urn:uuid:{response['X-Request-ID']}"
    assert isinstance(found["status"], int)
    return found


def graph_of(group: str | None) -> Graph:
    """A client of a new user, in the group if one is given."""
    return Graph(client_of(group))
