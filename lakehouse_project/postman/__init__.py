"""A Postman collection for each version of the API, made from its OpenAPI document, that runs from top to bottom."""

from lakehouse_project.postman.collection import collection, environment

__all__ = ["collection", "environment"]
