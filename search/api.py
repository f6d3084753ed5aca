"""The search route."""

from time import perf_counter
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router

from lakehouse_project.kernel.masking import may_see_personal_data
from lakehouse_project.kernel.parameters import reject_unknown
from lakehouse_project.kernel.permissions import require
from lakehouse_project.kernel.services import resolve
from search.schemas import PERMISSION, FilterParameters, SearchOut, to_query
from search.services import FindDocuments

router = Router(tags=["search"])


@router.get("", response=SearchOut, operation_id="search", summary="Search everything")
def search(request: HttpRequest, parameters: Query[FilterParameters]) -> dict[str, Any]:
    """Users, products, jobs, departments, employers and documents, by words and by meaning.

    Every field is a filter. Names of people are found and shown only with the right to see personal data.
    """
    require(request, PERMISSION)
    reject_unknown(request, FilterParameters.model_fields)
    started = perf_counter()
    query = to_query(parameters, is_personal_shown=may_see_personal_data(request.user))
    found = resolve(FindDocuments)(query)
    took_ms = round((perf_counter() - started) * 1000, 2)
    return {**vars(found), "items": found.hits, "mode": query.mode, "took_ms": took_ms}
