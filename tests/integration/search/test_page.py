"""The search page as the server sends it, for browsers with and without scripts."""

import re
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.test import Client

from search.services import ProjectChanges
from tests.integration.search.warehouse import Warehouse

SCRIPT = {"HX-Request": "true"}


def shown(client: Client, query: str = "", status: int = 200, **headers: str) -> str:
    """The page, with single blanks between words."""
    response = client.get(f"/search/?{query}", headers=headers)
    assert response.status_code == status, response.content
    return re.sub(r"\s+", " ", response.content.decode())


def text_of(html: str) -> str:
    """What a reader sees."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", html)))


def titles(html: str) -> list[str]:
    return [text_of(each).strip() for each in re.findall(r"<h2>(.*?)</h2>", html)]


def counts(html: str, name: str) -> dict[str, tuple[int, bool]]:
    """Of a facet: how many hits each value has, and whether it is chosen."""
    found = re.findall(
        rf'<input type="checkbox" [^>]*name="{name}" value="([^"]*)"( checked)?[^>]*>(.*?)</label>', html
    )
    return {unescape(value): (int(text_of(rest).split()[-1]), bool(chosen)) for value, chosen, rest in found}


def tabs(html: str) -> dict[str, int]:
    found = re.findall(r'<a id="tab-\w+"[^>]*>(.*?)</a>', html)
    return {name: int(count) for name, count in (text_of(each).split() for each in found)}


def addresses(html: str, inside: str) -> list[str]:
    """Where the links of a part of the page lead to."""
    part = re.search(rf'<(\w+) class="{inside}".*?</\1>', html)
    return [unescape(each) for each in re.findall(r'href="([^"]*)"', part[0])] if part else []


def test_hits_come_with_their_reasons(viewer: Client, indexed: None) -> None:
    html = shown(viewer, "q=shoe&entity=product")
    assert set(titles(html)) == {"Red running shoe", "Blue walking shoe"}
    assert "<mark>shoe</mark>" in html
    assert html.count("search-badge search-both") == 2
    assert "By meaning" in text_of(html)
    assert "59.90 " in text_of(html)


def test_the_form_needs_no_script(viewer: Client, indexed: None) -> None:
    html = shown(viewer, "q=shoe&entity=product&price__gt=10&category=Shoes")
    form = re.search(r'<form id="search-form".*?</form>', html)
    assert form
    assert '<button type="submit">' in form[0]
    assert re.search(r'<input type="search"[^>]* value="shoe"', form[0])
    assert '<input type="hidden" name="entity" value="product" form="search-form">' in html
    assert '<input type="hidden" name="price__gt" value="10" form="search-form">' in html
    assert html.count('name="category"') == len(counts(html, "category"))
    assert "<noscript>" in html


def test_values_of_one_facet_add_up_and_facets_narrow(viewer: Client, indexed: None) -> None:
    html = shown(viewer, "entity=user&city=Berlin")
    assert counts(html, "city") == {"Berlin": (2, True), "Paris": (1, False)}
    assert counts(html, "country") == {"DE": (2, False)}
    both = shown(viewer, "entity=user&city=Berlin&city=Paris")
    assert len(titles(both)) == 3
    assert len(titles(shown(viewer, "entity=user&city=Berlin&city=Paris&country=FR"))) == 1


def test_a_chosen_value_without_hits_can_be_taken_back(viewer: Client, indexed: None) -> None:
    html = shown(viewer, "q=kettle&mode=keyword&entity=product&category=Shoes")
    assert counts(html, "category") == {"Shoes": (0, True), "Kitchen": (1, False)}
    assert "Search without the filters" in html


def test_a_tab_counts_what_it_leads_to(viewer: Client, indexed: None) -> None:
    assert tabs(shown(viewer, "q=shoe&mode=keyword")) == {
        "All": 3, "Users": 0, "Products": 2, "Jobs": 0, "Departments": 0, "Employers": 0, "Documents": 1
    }  # fmt: skip
    html = shown(viewer, "entity=user&city=Berlin&sort=-created_at")
    found = tabs(html)
    for address in addresses(html, "search-tabs"):
        there = shown(viewer, address.removeprefix("?"))
        (active,) = re.findall(r'<a id="tab-\w+"[^>]* aria-current="page">(.*?)</a>', there)
        name, count = text_of(active).split()
        assert found[name] == int(count) == len(titles(there))


def test_filters_can_be_taken_away_one_by_one_and_all(viewer: Client, indexed: None) -> None:
    html = shown(viewer, "q=shoe&entity=product&category=Shoes&category=Kitchen&price__gte=20&page=1")
    assert "Category: Shoes" in text_of(html)
    assert "Price: from 20" in text_of(html)
    assert addresses(html, "search-chips") == [
        "?q=shoe&entity=product&category=Kitchen&price__gte=20",
        "?q=shoe&entity=product&category=Shoes&price__gte=20",
        "?q=shoe&entity=product&category=Shoes&category=Kitchen",
        "?q=shoe&entity=product",
    ]


def test_sorting(viewer: Client, indexed: None) -> None:
    html = shown(viewer, "entity=product&sort=-price")
    assert titles(html) == ["Red running shoe", "Blue walking shoe", "Kettle"]
    assert '<option value="-price" selected>' in html
    assert "price" not in re.findall(r'<select id="sort".*?</select>', shown(viewer, "sort=title"))[0]
    assert '<option value="price,-title" selected>' in shown(viewer, "entity=product&sort=price,-title")


def test_pages_follow_each_other(viewer: Client, indexed: None) -> None:
    first = shown(viewer, "entity=product&page_size=2")
    assert "Hits 1 to 2 of 3" in text_of(first)
    (following,) = addresses(first, "search-paging")
    second = shown(viewer, following.removeprefix("?"))
    assert "Hits 3 to 3 of 3" in text_of(second)
    assert addresses(second, "search-paging") == ["?entity=product&page_size=2&page=1"]
    assert "There is no page this far" in text_of(shown(viewer, "entity=product&page=9"))


def test_before_anything_is_asked_there_is_help(viewer: Client, indexed: None) -> None:
    html = shown(viewer)
    assert titles(html) == []
    assert "entries can be searched" in text_of(html)
    assert "?q=Shoes" in html


def test_nothing_found_says_what_to_try(viewer: Client, indexed: None) -> None:
    html = shown(viewer, "q=xyzzy&mode=keyword&entity=product")
    assert "Nothing found for “xyzzy”" in text_of(html)
    assert addresses(html, "search-empty") == ["?q=xyzzy&mode=keyword", "?q=xyzzy&entity=product"]


def test_a_correction_is_told_and_can_be_refused(viewer: Client, indexed: None) -> None:
    html = shown(viewer, "q=Kettel&mode=keyword")
    assert titles(html) == ["Kettle"]
    assert "Nothing has “kettel”" in text_of(html)
    (literal,) = addresses(html, "search-notice")
    assert literal == "?q=%22kettel%22&mode=keyword"
    insisting = shown(viewer, literal.removeprefix("?"))
    assert titles(insisting) == []
    assert "search-notice" not in insisting


def test_a_script_gets_the_answer_alone_and_the_address_to_show(viewer: Client, indexed: None) -> None:
    response = viewer.get("/search/?q=shoe&mode=hybrid&sort=&category=&price__gte=", headers=SCRIPT)
    html = response.content.decode()
    assert "<html" not in html
    assert 'hx-swap-oob="innerHTML"' in html
    assert "<title>shoe · Search · lakehouse" in html
    assert response["HX-Push-Url"] == "/search/?q=shoe"
    assert "HX-Request" in response["Vary"]
    assert "no-store" in response["Cache-Control"]
    assert viewer.get("/search/?q=", headers=SCRIPT)["HX-Push-Url"] == "/search/"


def test_a_script_without_a_login_is_led_to_the_login() -> None:
    response = Client().get("/search/?q=shoe", headers=SCRIPT)
    assert response.status_code == 401
    assert response["HX-Redirect"] == "/login/?next=/search/%3Fq%3Dshoe"
    assert Client().get("/search/?q=shoe")["Location"] == "/login/?next=/search/%3Fq%3Dshoe"


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("colour=red", "Unknown parameter colour"),
        ("entity=planet", "entity is one of"),
        ("entity=product&city=Berlin", "city is not a field of product"),
        ("page=x", "page must be a whole number"),
        ("page=0", "page must be at least 1"),
        ("page=501", "paging ends"),
        ("page_size=1000", "page_size must be at most 250"),
        ("price__gte=x", "price is a number"),
        ("created_at__lt=yesterday", "YYYY-MM-DD"),
        ("mode=telepathy", "mode must be"),
        ("sort=salary", "salary is not a field"),
        ("highlight=perhaps", "highlight must be true or false"),
        ("city=%00", "zero byte"),
        (f"q={'long' * 501}", "q must have at most 2,000 characters"),
    ],
)
def test_what_cannot_be_asked_is_told(viewer: Client, query: str, told: str) -> None:
    for headers in ({}, SCRIPT):
        html = shown(viewer, query, 400, **headers)
        assert 'class="search-problem" role="alert"><p>' in html
        assert told in text_of(html)


HOSTILE = (
    '"><script>alert(1)</script>',
    "' OR 1=1 --",
    "a:*&!|()<->",
    "\x02x\x03",
    "\x00",
    "🤷",
    "-",
    '"',
    "%\r\nX-Injected: 1",
)


@pytest.mark.parametrize("name", ["q", "city", "sort", "mode", "entity", "facets", "page", "price__gte", "x"])
def test_hostile_values_are_data(viewer: Client, name: str) -> None:
    for value in HOSTILE:
        response = viewer.get("/search/", {name: value}, headers=SCRIPT)
        assert response.status_code in (200, 400), value
        assert "<script>alert" not in response.content.decode()
        assert "X-Injected" not in response


def test_facets_that_are_not_wanted_are_counted_all_the_same(viewer: Client, indexed: None) -> None:
    assert counts(shown(viewer, "entity=product&facets=none"), "category")["Shoes"] == (2, False)


def test_names_are_neither_shown_nor_found_without_the_right(
    viewer: Client, curator: Client, indexed: None
) -> None:
    for query in ("q=lovelace", "entity=user", "entity=user&sort=title", "q=engineer"):
        assert "Lovelace" not in shown(viewer, query).replace("lovelace", "")
    assert titles(shown(viewer, "q=lovelace&mode=keyword")) == []
    assert titles(shown(curator, "q=lovelace&mode=keyword")) == ["Ada Lovelace"]
    assert "Lovelace" not in viewer.get("/found/user/u0").content.decode()
    assert "Ada Lovelace" in curator.get("/found/user/u0").content.decode()


def test_a_stranger_sees_nothing(indexed: None) -> None:
    stranger = Client()
    stranger.force_login(User.objects.create_user("x"), backend="django.contrib.auth.backends.ModelBackend")
    for address in ("/search/", "/search/documents/0", "/found/product/S-1"):
        assert stranger.get(address).status_code == 403
        assert Client().get(address).status_code == 302


def test_a_page_allows_no_script_but_its_own(viewer: Client) -> None:
    response = viewer.get("/search/")
    assert "default-src 'self'" in response["Content-Security-Policy"]
    assert "unsafe" not in response["Content-Security-Policy"]
    assert " style=" not in response.content.decode()
    assert not re.search(r"<script(?![^>]* src=)", response.content.decode())


def test_a_pdf_hit_leads_to_its_page_for_those_who_may_open_it(
    viewer: Client, curator: Client, warehouse: Warehouse, project: ProjectChanges
) -> None:
    warehouse.user("u1", "Ada Lovelace")
    free = warehouse.document(1, "Travel policy", ["Planes are not paid for.", "Railways are paid for."])
    personal = warehouse.document(2, "Contract", ["Railways for Ada Lovelace."], user_id="u1")
    project()
    for client, opened in ((viewer, [free]), (curator, [free, personal])):
        html = shown(client, "q=railways&mode=keyword")
        assert sorted(re.findall(r'<h2><a href="/search/documents/(\d+)#page=', html)) == opened
        assert f'href="/search/documents/{free}#page=2"' in html
        assert f'href="/found/document/{free}#passage-1"' in html


def test_a_record_shows_what_is_like_it(viewer: Client, indexed: None) -> None:
    html = viewer.get("/found/product/S-1").content.decode()
    assert "Similar products" in html
    assert 'href="/found/product/S-2#passage-0"' in html
    masked = viewer.get("/found/user/u0").content.decode()
    assert "/found/user/u1" in masked
    assert "Hopper" not in masked
    for missing in ("/found/product/S-9", "/found/planet/1", "/found/user/%00"):
        assert viewer.get(missing).status_code == 404
