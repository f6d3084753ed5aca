"""What is made of a restricted data set: star tables, marts, exports and pages refuse whoever is in none of its groups."""

import pytest

from governance.models import Run
from lakehouse_project.exports.tasks import write_export
from tests.integration.api.client import assert_problem, client_of
from tests.integration.security.restricted import export, graph, page, restrict

pytestmark = pytest.mark.django_db

MADE_OF_IT = (
    "/silver/employments",
    "/silver/employers",
    "/gold/people/city-payroll",
    "/gold/sales/customer-360",
)
MADE_OF_OTHERS = ("/silver/users", "/gold/people/users-by-postal-code", "/gold/sales/daily-revenue")


def test_what_is_made_of_it_is_refused_as_what_may_not_be_seen() -> None:
    admin, stranger, friend = (client_of(group) for group in ("admin", "engineer", "curator"))
    waiting = export(stranger, "gold/people/city-payroll")
    restrict(admin, "employment_info", ["curator"])
    for version in ("v1", "v2"):
        for path in MADE_OF_IT:
            answer = stranger.client.get(f"/api/{version}{path}", headers=stranger.headers)
            assert_problem(answer, 403, "forbidden")
            assert "which none of your groups gives you" in answer.json()["detail"]
            assert friend.client.get(f"/api/{version}{path}", headers=friend.headers).status_code == 200
        for path in MADE_OF_OTHERS:
            assert stranger.client.get(f"/api/{version}{path}", headers=stranger.headers).status_code == 200
    asked = graph(
        stranger, "{ cityPayroll { totalCount } employments { totalCount } dailyRevenue { totalCount } }"
    )
    assert {error["extensions"]["code"] for error in asked["errors"]} == {"forbidden"}
    assert (asked["data"]["cityPayroll"], asked["data"]["dailyRevenue"]) == (None, {"totalCount": 0})
    write_export(waiting)
    assert Run.objects.get(pk=waiting).state == "failed"
    home = page("engineer", "/")
    assert ("city-payroll" in home, "daily-revenue" in home) == (False, True)
    assert "city-payroll" in page("curator", "/")
    assert "/admin/gold/citypayroll/" not in page("engineer", "/admin/")
