"""A restricted data set: no file is written of it, and none given, to whoever is in none of its groups."""

import pytest

from bronze.errors import UnknownDataset
from governance.models import Run
from lakehouse_project.exports.tasks import write_export
from tests.integration.api.client import assert_problem, client_of
from tests.integration.security.restricted import SECRET, Lake, export, restrict

pytestmark = pytest.mark.django_db


def test_a_file_that_was_asked_for_before_is_not_written(lake: Lake) -> None:
    admin, engineer = client_of("admin"), client_of("engineer")
    restrict(admin, "stations", ["engineer"])
    for source in ("bronze/stations", "bronze/datasets/stations/records"):
        waiting = export(engineer, source)
        restrict(admin, "stations", [])
        write_export(waiting)
        run = Run.objects.get(pk=waiting)
        assert (run.state, "There is no list" in run.message) == ("failed", True)
        assert SECRET not in run.message
        restrict(admin, "stations", ["engineer"])


@pytest.mark.parametrize("source", ["bronze/stations", "bronze/datasets/stations/records"])
def test_a_file_that_was_written_before_is_not_there(lake: Lake, source: str) -> None:
    """What somebody has asked for of other data sets is."""
    admin, engineer = client_of("admin"), client_of("engineer")
    restrict(admin, "stations", ["engineer"])
    written, other = export(engineer, source), export(engineer, "bronze/jobs")
    write_export(written)
    write_export(other)
    result = engineer.client.get(f"/api/v1/operations/{written}/result", headers=engineer.headers)
    assert SECRET.encode() in result.getvalue()
    restrict(admin, "stations", [])
    for path in ("", "/result"):
        answer = engineer.client.get(f"/api/v2/operations/{written}{path}", headers=engineer.headers)
        assert_problem(answer, 404, "operation_not_found")
    listed = engineer.client.get("/api/v1/operations", headers=engineer.headers).json()["items"]
    assert [item["id"] for item in listed] == [other]


def test_a_list_that_is_sent_as_a_file_is_that_of_who_asked(lake: Lake) -> None:
    """Its rows are read when the request itself is over."""
    admin, engineer = client_of("admin"), client_of("engineer")
    restrict(admin, "stations", ["engineer"])
    address = "/api/v1/bronze/datasets/stations/records?format=ndjson"
    answer = engineer.client.get(address, headers=engineer.headers)
    assert SECRET.encode() in answer.getvalue()
    late = engineer.client.get(address, headers=engineer.headers)
    restrict(admin, "stations", [])
    del late.wsgi_request.__dict__["hidden_datasets"]
    with pytest.raises(UnknownDataset):
        late.getvalue()
