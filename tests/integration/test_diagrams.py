"""The diagrams in the admin: drawn by the server, for staff, with every table of the layer."""

import re
from xml.etree import ElementTree as ET

import pytest
from django.contrib.auth.models import User
from django.test import Client

from lakehouse_project.diagrams import models_of
from lakehouse_project.drawings import NAMES

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(User.objects.create_user("staff", is_staff=True))
    return client


@pytest.mark.parametrize("name", NAMES)
def test_every_diagram_is_drawn_within_its_frame_and_needs_nothing_from_elsewhere(
    name: str, staff: Client
) -> None:
    page = staff.get(f"/admin/diagrams/{name}/").content.decode()
    [drawing] = re.findall(r"<svg class=\"lakehouse-drawing\".*?</svg>", page, re.DOTALL)
    svg = ET.fromstring(drawing)  # noqa: S314  our own page
    boxes = [
        {side: int(box.attrib[side]) for side in ("x", "y", "width", "height")} for box in svg.iter("rect")
    ]
    assert all(box["x"] + box["width"] < int(svg.attrib["width"]) for box in boxes)
    assert all(box["y"] + box["height"] < int(svg.attrib["height"]) for box in boxes)
    assert not any(_overlap(one, other) for one in boxes for other in boxes if one is not other)
    assert "http" not in drawing


def _overlap(one: dict[str, int], other: dict[str, int]) -> bool:
    return all(
        one[start] < other[start] + other[size] and other[start] < one[start] + one[size]
        for start, size in (("x", "width"), ("y", "height"))
    )


def test_tables_are_there_with_columns_and_lead_to_their_rows(staff: Client) -> None:
    page = staff.get("/admin/diagrams/silver/").content.decode()
    assert all(f">{table._meta.db_table}</text>" in page for table in models_of("silver"))
    assert "→ product_id: bigint" in page
    assert 'href="/admin/silver/factorderline/"' in page


def test_the_flow_says_what_starts_what(staff: Client) -> None:
    page = staff.get("/admin/diagrams/lakehouse/").content.decode()
    assert re.search(r">silver.refine</text>.{0,60}>  ← bronze.changed</text>.{0,60}>  ← clock</text>", page)
    assert ">silver.changed</text>" in page
    assert 'href="/admin/diagrams/lakehouse/"' in staff.get("/admin/").content.decode()


def test_others_see_none(staff: Client) -> None:
    assert staff.get("/admin/diagrams/nothing/").status_code == 404
    somebody = Client()
    assert somebody.get("/admin/diagrams/silver/").status_code == 302
    somebody.force_login(User.objects.create_user("reader"))
    assert somebody.get("/admin/diagrams/silver/").status_code in (302, 403)
