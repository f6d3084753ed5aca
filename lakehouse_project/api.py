"""The REST API in both versions."""

from typing import Any

from django.urls import URLPattern, URLResolver
from ninja import NinjaAPI
from ninja.errors import ValidationError, ValidationErrorContext
from ninja.openapi.schema import OpenAPISchema

from bronze.api import versions as bronze
from bronze.api.enrichment import router as enrichment
from bronze.api.routes import contract_schemas
from bronze.api.seed import router as seed
from gold.api import versions as gold
from governance.api import quality
from governance.api import versions as runs
from governance.operations.api import versions as operations
from governance.operations.pipeline import router as pipeline
from lake.api import versions as lake
from lake.backups.api import versions as backups
from lake.sql.api import versions as lake_queries
from lakehouse_project import problems
from lakehouse_project.access.api import versions as access
from lakehouse_project.access.service_accounts_api import versions as service_accounts
from lakehouse_project.auth import AUTHENTICATION, login_or_token
from lakehouse_project.deprecation import DEPRECATED, announce
from lakehouse_project.docs_page import DocsPage
from lakehouse_project.exports.api import router as exports
from lakehouse_project.openapi import finish
from lakehouse_project.parser import JsonParser
from lakehouse_project.ratelimits import PerCaller
from lakehouse_project.renderer import ExactRenderer
from lakehouse_project.routing import nested, with_head
from search.api import versions as search
from silver.api import versions as silver


class Api(NinjaAPI):
    """A ninja API whose OpenAPI document has the contracts, every error, and examples. It is made once.

    Every route is rate limited.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(throttle=[PerCaller()], **options)
        self._documents: dict[str, OpenAPISchema] = {}

    def validation_error_from_error_contexts(
        self, error_contexts: list[ValidationErrorContext[Any]]
    ) -> ValidationError:
        found = super().validation_error_from_error_contexts(error_contexts)
        return problems.UnfitRequest(found.errors, error_contexts)

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        prefix = path_prefix or self.get_root_path(path_params or {})
        if prefix not in self._documents:
            self._documents[prefix] = self._document(prefix)
        return self._documents[prefix]

    def _document(self, path_prefix: str) -> OpenAPISchema:
        document = super().get_openapi_schema(path_prefix=path_prefix)
        document["components"]["schemas"].update(contract_schemas())
        finish(document)
        return document

    def _get_urls(self) -> list[URLPattern | URLResolver]:
        return list(nested(with_head(super()._get_urls())))


def _api(version: str, description: str) -> Api:
    api = Api(
        title="lakehouse",
        parser=JsonParser(),
        renderer=ExactRenderer(),
        version=f"{version.removeprefix('v')}.0.0",
        urls_namespace=version,
        auth=AUTHENTICATION,
        docs=DocsPage(),
        docs_url="/docs",
        docs_decorator=login_or_token,
        description=description,
    )
    problems.register(api)
    announce(api, DEPRECATED[version])
    return api


v1 = _api(
    "v1",
    "Raw records in, refined marts and search out. Every error is problem+json (RFC 9457). Lists have pages with numbers, "
    "batches are atomic unless asked otherwise.",
)
v2 = _api(
    "v2",
    "Raw records in, refined marts and search out. Every error is problem+json (RFC 9457). Lists go on at `next`, batches "
    "are partial unless asked otherwise, a record is written by those who say which revision of it they mean.",
)
APIS = {"v1": v1, "v2": v2}

SAME = {"/seed": seed, "/enrichment": enrichment, "/pipeline": pipeline, "/exports": exports}
"""Address -> router of what both versions have in the same way."""

DIFFERENT = {
    "/auth": access,
    "/auth/service-accounts": service_accounts,
    "/bronze": bronze,
    "/silver": silver,
    "/gold": gold,
    "/search": search,
    "/lake": lake,
    "/lake/queries": lake_queries,
    "/backups": backups,
    "/runs": runs,
    "/operations": operations,
    "/governance": quality,
}
"""Address -> routers of both versions."""

for _prefix, _router in SAME.items():
    v1.add_router(_prefix, _router)
    v2.add_router(_prefix, _router)
for _prefix, _versions in DIFFERENT.items():
    v1.add_router(_prefix, _versions.v1)
    v2.add_router(_prefix, _versions.v2)
