"""The search page in a real browser: while one types, by the keyboard, on a phone, without scripts, and in trouble."""

import re
from collections.abc import Iterator
from contextlib import suppress

import pytest
from fpdf import FPDF
from playwright.sync_api import Browser, Error, Locator, Page, Route, expect

from tests.e2e.browsing import NEEDS_BROWSER, give_password, log_in
from tests.e2e.pipeline import Lakehouse

pytestmark = NEEDS_BROWSER

PHONE = {"width": 390, "height": 844}
LAPTOP = {"width": 1280, "height": 800}


@pytest.fixture(scope="module")
def shop(running: Lakehouse) -> None:
    """Things that only these tests look for."""
    for number, (name, category) in enumerate(
        [("Quagga kettle", "Kitchen"), ("Quagga saucepan", "Kitchen"), ("Quagga boot", "Shoes"), ("Okapi boot", "Shoes")]
    ):  # fmt: skip
        product = {"sku": f"Q-{number}", "name": name, "category": category, "price": f"{10 + number}.50"}
        running.send(
            "POST", "/bronze/products", {**product, "currency": "EUR", "description": "Made to last."}
        )
    running.upload("quagga.pdf", pdf("An introduction.", "The quagga is an extinct zebra."))
    running.wait_for(lambda: entries(running, "quagga") == 4 and entries(running, "okapi"), "all is found")


def entries(lakehouse: Lakehouse, words: str) -> int:
    return len(lakehouse.items("/search", q=words, mode="keyword"))


def pdf(*pages: str) -> bytes:
    file = FPDF()
    file.set_title("Zebras of the Cape")
    file.set_font("Helvetica")
    for text in pages:
        file.add_page()
        file.write(text=text)
    return bytes(file.output())


@pytest.fixture
def search(page: Page, shop: None) -> Iterator[Page]:
    """The search page, seen by an administrator. Whatever a test does, no script fails and nothing has to be blocked."""
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    log_in(page, "admin")
    page.set_viewport_size(LAPTOP)
    page.goto("/search/")
    yield page
    assert [each for each in complaints if "Content Security Policy" in each or "Error:" in each] == []


def field(page: Page) -> Locator:
    return page.get_by_role("searchbox", name="Words to search")


def found(page: Page) -> Locator:
    return page.get_by_role("region", name="Results").get_by_role("heading").get_by_role("link")


def chips(page: Page) -> Locator:
    return page.get_by_role("list", name="Filters that are set").get_by_role("link")


def test_hits_appear_while_one_types_and_back_undoes_whole_searches(search: Page) -> None:
    field(search).press_sequentially("okapi")
    expect(found(search)).to_have_text(["Okapi boot"])
    expect(search.get_by_role("status")).to_have_text("1 hit for “okapi”")
    expect(search).to_have_url(re.compile(r"/search/\?q=okapi$"))
    expect(search).to_have_title("okapi · Search · lakehouse")
    expect(field(search)).to_be_focused()
    search.get_by_role("link", name="Products").click()
    expect(search).to_have_url(re.compile("q=okapi&entity=product$"))
    field(search).fill("quagga")
    expect(found(search)).to_have_count(3)
    search.go_back()
    expect(field(search)).to_have_value("okapi")
    expect(search).to_have_url(re.compile("q=okapi&entity=product$"))
    expect(found(search)).to_have_text(["Okapi boot"])
    search.go_back()
    expect(search.get_by_role("link", name="All")).to_have_attribute("aria-current", "page")
    search.go_back()
    expect(field(search)).to_have_value("")
    search.go_forward()
    expect(found(search)).to_have_text(["Okapi boot"])


def test_an_answer_that_comes_late_is_not_shown(search: Page) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    search.route(re.compile(r"q=quagga(&|$)"), hold)
    with search.expect_request(re.compile("q=quagga")):
        field(search).fill("quagga")
    field(search).fill("okapi")
    expect(found(search)).to_have_text(["Okapi boot"])
    for route in held:
        with suppress(Error):  # the browser has given it up
            route.continue_()
    search.evaluate("fetch('/healthz').then((answer) => answer.text())")
    expect(found(search)).to_have_text(["Okapi boot"])
    expect(search).to_have_url(re.compile("q=okapi"))


def test_filters_add_up_and_are_taken_away(search: Page) -> None:
    search.goto("/search/?q=quagga&mode=keyword&entity=product")
    kitchen, shoes = (search.get_by_role("checkbox", name=name) for name in ("Kitchen", "Shoes"))
    kitchen.focus()
    kitchen.press("Space")
    expect(found(search)).to_have_count(2)
    expect(kitchen).to_be_focused()
    shoes.check()
    expect(found(search)).to_have_count(3)
    expect(chips(search)).to_have_text([re.compile("Kitchen"), re.compile("Shoes"), "Remove all"])
    search.get_by_role("group", name="Price").get_by_label("from").fill("12")
    search.keyboard.press("Enter")
    expect(found(search)).to_have_text(["Quagga boot"])
    chips(search).get_by_text("Price").press("Enter")
    expect(found(search)).to_have_count(3)
    search.get_by_label("Sorted by").select_option("-price")
    expect(found(search)).to_have_text(["Quagga boot", "Quagga saucepan", "Quagga kettle"])
    chips(search).get_by_text("Remove all").click()
    expect(chips(search)).to_have_count(0)
    expect(search).to_have_url(re.compile(r"\?q=quagga&mode=keyword&entity=product&sort=-price$"))
    assert search.evaluate("document.activeElement !== document.body"), "the focus is somewhere"


def test_everything_by_the_keyboard(search: Page) -> None:
    search.goto("/search/?q=quagga&entity=product&mode=keyword&sort=price")
    search.keyboard.press("/")
    expect(field(search)).to_be_focused()
    for key, place in (("ArrowDown", 0), ("j", 1), ("ArrowDown", 2), ("j", 2), ("k", 1)):
        search.keyboard.press(key)
        expect(found(search).nth(place)).to_be_focused()
    assert found(search).nth(1).evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    search.keyboard.press("Enter")
    expect(search.get_by_role("heading", level=1)).to_have_text("Quagga saucepan")
    search.go_back()
    found(search).first.focus()
    search.keyboard.press("Escape")
    expect(field(search)).to_be_focused()
    search.keyboard.press("Escape")
    expect(field(search)).to_have_value("")
    expect(search).to_have_url(
        re.compile(r"/search/\?mode=keyword&sort=price&entity=product$|/search/\?.*entity=product")
    )


def test_a_pdf_opens_at_the_page(search: Page) -> None:
    field(search).fill("extinct zebra")
    link = search.get_by_role("link", name="Zebras of the Cape")
    address = link.get_attribute("href") or ""
    assert address.endswith("#page=2")
    answer = search.request.get(address)
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"].startswith("inline")
    assert answer.body().startswith(b"%PDF-")
    search.get_by_role("link", name="Text of the document").click()
    expect(search.get_by_role("heading", level=1)).to_have_text("Zebras of the Cape")
    expect(search.get_by_text("The quagga is an extinct zebra.")).to_be_visible()


def test_why_a_hit_was_found_is_told_on_demand(search: Page) -> None:
    field(search).fill("okapi")
    why = search.get_by_role("region", name="Results").get_by_text("By words")
    expect(why).to_be_hidden()
    search.get_by_text("Why was this found?").first.locator("..").press("Enter")
    expect(why).to_be_visible()


def test_trouble_is_told_and_passes(search: Page) -> None:
    field(search).fill("okapi")
    expect(found(search)).to_have_text(["Okapi boot"])
    trouble = search.get_by_role("alert")
    search.route("**/search/?*", lambda route: route.fulfill(status=500, body="<h1>Something failed</h1>"))
    field(search).fill("quagga")
    expect(trouble).to_contain_text("error 500")
    expect(found(search)).to_have_text(["Okapi boot"])
    search.unroute("**/search/?*")
    search.route("**/search/?*", lambda route: route.abort())
    search.get_by_role("button", name="Try again").click()
    expect(trouble).to_contain_text("cannot be reached")
    search.unroute("**/search/?*")
    search.get_by_role("button", name="Try again").click()
    expect(found(search)).to_have_count(4)
    expect(trouble).to_be_hidden()


def test_what_cannot_be_asked_is_told_at_once(search: Page) -> None:
    search.goto("/search/?entity=product&price__gt=12")
    field(search).evaluate("(input) => input.removeAttribute('maxlength')")
    field(search).fill("long" * 501)
    expect(search.get_by_role("alert")).to_contain_text("at most 2,000 characters")
    field(search).fill("okapi")
    expect(found(search)).to_have_text(["Okapi boot"])


def test_after_a_logout_the_login_comes_and_leads_back(search: Page) -> None:
    search.context.clear_cookies()
    field(search).fill("okapi")
    expect(search).to_have_url(re.compile(r"/login/\?next=/search/"))
    give_password(search, "admin")
    expect(found(search)).to_have_text(["Okapi boot"])
    expect(field(search)).to_have_value("okapi")


def test_nothing_is_wider_than_a_phone(search: Page) -> None:
    search.set_viewport_size(PHONE)
    long = "unbreakable" * 40
    for address in (
        "/search/", "/search/?q=quagga", "/search/?q=quagga&entity=product&category=Kitchen&category=Shoes&price__gte=1",
        f"/search/?q={long}&mode=keyword", f"/search/?city={long}", "/search/?colour=red", "/found/product/Q-0",
    ):  # fmt: skip
        search.goto(address)
        assert search.evaluate("document.documentElement.scrollWidth <= innerWidth"), address


def test_filters_fold_on_a_phone_and_stay_as_they_are(search: Page) -> None:
    search.set_viewport_size(PHONE)
    search.goto("/search/?q=quagga&mode=keyword")
    kitchen = search.get_by_role("checkbox", name="Kitchen")
    expect(kitchen).to_be_hidden()
    search.get_by_role("checkbox", name="Filters").focus()
    search.keyboard.press("Space")
    kitchen.check()
    expect(found(search)).to_have_count(2)
    expect(kitchen).to_be_visible()


def test_without_scripts_it_is_a_form(browser: Browser, running: Lakehouse, shop: None) -> None:
    with browser.new_context(base_url=running.url, java_script_enabled=False) as context:
        page = context.new_page()
        log_in(page, "admin")
        page.goto("/search/")
        field(page).fill("quagga")
        page.get_by_label("Search by").select_option("keyword")
        page.get_by_role("button", name="Search", exact=True).click()
        expect(found(page)).to_have_count(4)
        page.get_by_role("link", name="Products").click()
        page.get_by_role("checkbox", name="Kitchen").check()
        page.get_by_role("button", name="Apply the filters").click()
        expect(found(page)).to_have_count(2)
        assert "q=quagga" in page.url
        assert "entity=product" in page.url


def test_nothing_of_a_search_stays_in_the_browser(search: Page) -> None:
    field(search).fill("okapi")
    expect(found(search)).to_have_text(["Okapi boot"])
    search.get_by_role("link", name="Products").click()
    expect(search).to_have_url(re.compile("entity=product"))
    stored = search.evaluate("JSON.stringify({...localStorage, ...sessionStorage})")
    assert "Okapi boot" not in stored
