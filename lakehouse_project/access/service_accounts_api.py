"""Routes of service accounts, for administrators."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Status

from bronze.api.routes import refusals
from lakehouse_project.access import service_accounts, tokens
from lakehouse_project.access.api import issued, require_person
from lakehouse_project.access.models import ServiceAccount
from lakehouse_project.access.schemas import (
    IssuedToken,
    NewServiceAccount,
    NewToken,
    ServiceAccountOut,
    TokenOut,
)
from lakehouse_project.kernel.parameters import reject_unknown
from lakehouse_project.kernel.permissions import require
from lakehouse_project.kernel.rows import Items, Listed, Rows
from lakehouse_project.kernel.versions import NoFilters, Versions

versions = Versions(tags=["service accounts"])

VIEW, ADD, CHANGE, DELETE = (f"access.{kind}_serviceaccount" for kind in ("view", "add", "change", "delete"))


@versions.list(
    "",
    item=ServiceAccountOut,
    response=refusals(400, 422),
    operation_id="list_service_accounts",
    summary="Service accounts by name, those that have ended included",
)
def list_service_accounts(request: HttpRequest, query: NoFilters) -> Listed:
    require(request, VIEW)
    shown = sorted(map(_shown, service_accounts.every()), key=_place)
    return Items(shown, _place)


@versions.post(
    "",
    response={201: ServiceAccountOut} | refusals(400, 409, 422),
    operation_id="create_service_account",
    summary="A new service account: a user for a program, without a password",
    description="It logs in with API tokens of its own alone. Its group says what it may do.",
)
def create_service_account(request: HttpRequest, response: HttpResponse, new: NewServiceAccount) -> Any:
    reject_unknown(request, ())
    require(request, ADD)
    require_person(request)
    account = service_accounts.create(**new.model_dump())
    response["Location"] = f"{request.path}/{account}"
    return Status(201, _shown(account))


@versions.get(
    "/{name}",
    response={200: ServiceAccountOut} | refusals(400, 404),
    operation_id="get_service_account",
    summary="One service account",
)
def get_service_account(request: HttpRequest, name: str) -> dict[str, Any]:
    reject_unknown(request, ())
    require(request, VIEW)
    return _shown(service_accounts.named(name))


@versions.delete(
    "/{name}",
    response={204: None} | refusals(400, 404),
    operation_id="end_service_account",
    summary="End a service account: it is refused at once, and its tokens are gone",
    description="What it did stays known under its name, which nobody else can have.",
)
def end_service_account(request: HttpRequest, name: str) -> Status[None]:
    reject_unknown(request, ())
    require(request, DELETE)
    service_accounts.end(name)
    return Status(204, None)


@versions.list(
    "/{name}/tokens",
    item=TokenOut,
    response=refusals(400, 404, 422),
    operation_id="list_service_account_tokens",
    summary="The API tokens of a service account, newest first",
)
def list_service_account_tokens(request: HttpRequest, query: NoFilters, name: str) -> Listed:
    require(request, VIEW)
    found = tokens.tokens_of(service_accounts.named(name).user)
    return Rows(found, ("-created", "id"), tuple(TokenOut.model_fields))


@versions.post(
    "/{name}/tokens",
    response={201: IssuedToken} | refusals(400, 404, 409, 422),
    operation_id="create_service_account_token",
    summary="A new API token of a service account",
    description="`token` is shown this once.",
)
def create_service_account_token(
    request: HttpRequest, response: HttpResponse, name: str, new: NewToken
) -> Status[dict[str, Any]]:
    reject_unknown(request, ())
    require(request, CHANGE)
    require_person(request)
    lifetime = None if new.expires_in_days is None else timedelta(days=new.expires_in_days)
    return Status(201, issued(response, *service_accounts.new_token(name, new.name, lifetime)))


@versions.delete(
    "/{name}/tokens/{token_id}",
    response={204: None} | refusals(400, 404),
    operation_id="delete_service_account_token",
    summary="Delete a token of a service account; it is refused at once",
)
def delete_service_account_token(request: HttpRequest, name: str, token_id: UUID) -> Status[None]:
    reject_unknown(request, ())
    require(request, CHANGE)
    tokens.delete(service_accounts.named(name).user, token_id)
    return Status(204, None)


def _shown(account: ServiceAccount) -> dict[str, Any]:
    return {
        "name": account.user.get_username(),
        "groups": [group.name for group in account.user.groups.all()],
        "owner": account.owner.get_username(),
        "description": account.description,
        "created_at": account.created_at,
        "ended_at": account.ended_at,
    }


def _place(account: dict[str, Any]) -> tuple[str]:
    return (account["name"],)
