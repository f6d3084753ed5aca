"""The REST API: version 1."""

from typing import Any

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

from bronze.api import router as bronze
from bronze.api.enrichment import router as enrichment
from bronze.api.routes import contract_schemas
from bronze.api.seed import router as seed
from gold.api import router as gold
from governance.api import quality_router as quality
from governance.api import router as governance
from governance.operations.api import router as operations_router
from governance.operations.pipeline import router as pipeline
from lakehouse_project import problems
from lakehouse_project.access.api import router as access
from lakehouse_project.auth import AUTHENTICATION, login_or_token
from lakehouse_project.exports.api import router as exports
from lakehouse_project.kernel.problem import CONTENT_TYPE
from lakehouse_project.renderer import ExactRenderer
from search.api import router as search
from silver.api import router as silver

BAD_REQUEST = 400


class Api(NinjaAPI):
    """A ninja API whose OpenAPI document has the contracts, and says that problems are problem+json."""

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**options)
        schema["components"]["schemas"].update(contract_schemas())
        for operations in schema["paths"].values():
            for operation in operations.values():
                for status, response in operation["responses"].items():
                    if int(status) >= BAD_REQUEST and "content" in response:
                        response["content"] = {CONTENT_TYPE: response["content"]["application/json"]}
        return schema


v1 = Api(
    title="lakehouse",
    renderer=ExactRenderer(),
    version="1.0.0",
    urls_namespace="v1",
    auth=AUTHENTICATION,
    docs_url="/docs",
    docs_decorator=login_or_token,
    description="Raw records in, refined marts and search out. Every error is problem+json (RFC 9457).",
)
problems.register(v1)
v1.add_router("/auth", access)
v1.add_router("/seed", seed)
v1.add_router("/bronze", bronze)
v1.add_router("/enrichment", enrichment)
v1.add_router("/silver", silver)
v1.add_router("/gold", gold)
v1.add_router("/search", search)
v1.add_router("/runs", governance)
v1.add_router("/operations", operations_router)
v1.add_router("/pipeline", pipeline)
v1.add_router("/exports", exports)
v1.add_router("/governance", quality)
