"""The REST API: version 1."""

from ninja import NinjaAPI

from bronze.api import router as bronze
from bronze.api.seed import router as seed
from gold.api import router as gold
from governance.api import router as governance
from lakehouse_project import problems
from lakehouse_project.auth import AUTHENTICATION, login_or_token
from search.api import router as search
from silver.api import router as silver

v1 = NinjaAPI(
    title="lakehouse",
    version="1.0.0",
    urls_namespace="v1",
    auth=AUTHENTICATION,
    docs_url="/docs",
    docs_decorator=login_or_token,
    description="Raw records in, refined marts and search out. Every error is problem+json (RFC 9457).",
)
problems.register(v1)
v1.add_router("/seed", seed)
v1.add_router("/bronze", bronze)
v1.add_router("/silver", silver)
v1.add_router("/gold", gold)
v1.add_router("/search", search)
v1.add_router("/runs", governance)
