"""The search page, whole or just the answer for a page that is open, and the documents that its hits lead to."""

from typing import Any

from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers
from pydantic import ValidationError

from bronze.downloads import document_to_read, readable_document
from bronze.errors import DocumentNotFound, OriginalMissing
from lakehouse_project.kernel.errors import LakehouseError
from lakehouse_project.kernel.masking import may_see_personal_data
from lakehouse_project.kernel.permissions import Forbidden
from lakehouse_project.kernel.services import resolve
from lakehouse_project.kernel.unfit import sentence_of
from search.address import Address
from search.counting import Counting
from search.page import MODES, context
from search.query import MAX_CHARACTERS
from search.schemas import PERMISSION
from search.services import FindDocuments

BY_SCRIPT = "HX-Request"
"""Header of the requests that htmx sends: it wants the answer alone, and says where the browser then is."""


@require_safe
@never_cache
@vary_on_headers(BY_SCRIPT)
@permission_required(PERMISSION, raise_exception=True)
def page(request: HttpRequest) -> HttpResponse:
    """Takes the parameters of the search route. One that cannot be is told, not ignored."""
    address = Address.of(request.GET)
    counting = Counting(find=resolve(FindDocuments), is_personal_shown=may_see_personal_data(request.user))
    try:
        query = counting.query(address)
    except (LakehouseError, ValidationError) as error:
        return _answer(request, address, _problem(address, error), status=400)
    return _answer(request, address, context(address, query, counting.find(query), counting, request.user))


def _answer(
    request: HttpRequest, address: Address, shown: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    is_part = BY_SCRIPT in request.headers
    template = "search/part.html" if is_part else "search/page.html"
    mode = next(iter(address.get("mode")), "hybrid")
    response = render(request, template, {**shown, "modes": MODES, "mode": mode}, status=status)
    if is_part:
        response["HX-Push-Url"] = f"{request.path}{address.url.removesuffix('?')}"
    return response


def _problem(address: Address, error: LakehouseError | ValidationError) -> dict[str, Any]:
    """What is wrong, and the same words without the rest of the address."""
    return {
        "problem": _sentence(error),
        "text": "".join(address.get("q"))[:MAX_CHARACTERS],
        "words_alone": address.without(set(address.values) - {"q"}).url,
    }


def _sentence(error: LakehouseError | ValidationError) -> str:
    if isinstance(error, LakehouseError):
        return error.message
    return " ".join(
        f"{each['loc'][0]} {sentence_of(each['type'], each.get('ctx', {}), each['msg'])}."
        for each in error.errors()
    )


@require_safe
@permission_required(PERMISSION, raise_exception=True)
def original(request: HttpRequest, sha256: str) -> HttpResponseBase:
    """A document to be read in the browser: a PDF opens at `#page=N`."""
    try:
        return document_to_read(readable_document(request, sha256))
    except Forbidden as error:
        raise PermissionDenied(error.message) from error
    except (DocumentNotFound, OriginalMissing) as error:
        raise Http404(error.message) from error
