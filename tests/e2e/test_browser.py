"""The pages as people use them, in a real browser."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browsing import NEEDS_BROWSER, log_in
from tests.e2e.pipeline import DEADLINE, Lakehouse
from tests.e2e.test_pipeline import hires, hits, quarters

pytestmark = NEEDS_BROWSER


def test_every_page_asks_for_a_login(page: Page) -> None:
    for address in ("/", "/search/", "/marts/people/city-payroll/"):
        page.goto(address)
        expect(page).to_have_url(re.compile(r"/login/\?next="))
    page.get_by_label("User name").fill("admin")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_be_visible()


def test_home_shows_receipts_and_marts(page: Page, running: Lakehouse) -> None:
    lines = hires("4001,Lynn Conway,2040-02-01T00:00:00Z,1,1", "4002,,2040-02-01T00:00:00Z,1,1")
    running.upload("receipt.csv", lines, "hired_employees")
    running.wait_for(lambda: quarters(running, 2040), "the file is loaded")
    log_in(page, "admin")
    cells = page.get_by_role("row").filter(has_text="receipt.csv").get_by_role("cell")
    receipt = ["2", "1", "0", "0", "0", "1"]
    expect(cells).to_have_text(["receipt.csv", "Hired employees", "loaded", *receipt, re.compile("ago|now")])
    page.get_by_role("link", name="Hires by quarter").click()
    page.get_by_label("year").fill("2021")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("row").nth(1)).to_have_text(re.compile("Engineering"))


def test_search_page_filters_by_city(page: Page, running: Lakehouse) -> None:
    for number, city in enumerate(("Gent", "Brugge")):
        user = {
            "user_id": f"browser-{number}",
            "full_name": f"Wilhelmina {city}",
            "email": "w@example.org",
            "city": city,
            "postal_code": "9000",
            "country": "BE",
            "created_at": "2024-01-01T00:00:00Z",
        }
        running.send("POST", "/bronze/users", user)
    running.wait_for(lambda: len(hits(running, "Wilhelmina")) == 2, "both users are found")
    log_in(page, "admin")
    page.goto("/search/?q=Wilhelmina&mode=keyword")
    results = page.get_by_label("Results").get_by_role("listitem")
    expect(results).to_have_count(2)
    page.get_by_role("checkbox", name="Gent").check()
    expect(results).to_have_count(1)
    expect(results).to_contain_text("Wilhelmina Gent")


def test_staff_repair_a_quarantined_record(page: Page, running: Lakehouse) -> None:
    running.upload("hires.csv", hires("4101,Sophie Wilson,2041-02-01T00:00:00Z,1,"), "hired_employees")
    running.wait_for(
        lambda: running.rows("SELECT FROM bronze_rawrecord WHERE key = '4101'"), "the record is there"
    )
    log_in(page, "admin")
    page.goto("/admin/bronze/rawrecord/?status__exact=quarantined&q=4101")
    page.get_by_role("link", name="4101").click()
    page.get_by_label("Other fields").fill("[1]")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("must be an object")).to_be_visible()
    page.get_by_label("Other fields").fill("")
    page.get_by_label("job_id", exact=True).fill("clerk")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("still quarantined: job_id is not a whole number")).to_be_visible()
    assert quarters(running, 2041) == []
    page.get_by_label("job_id", exact=True).fill("1")
    page.get_by_label("job_id", exact=True).press("Enter")
    expect(page.get_by_text("4101 of Hired employees is released")).to_be_visible()
    running.wait_for(
        lambda: quarters(running, 2041) == [("Product Management", "Clerk", 1, 0, 0, 0)], "gold has it"
    )


def test_staff_repair_many_rows_on_the_bench_without_a_mouse(page: Page, running: Lakehouse) -> None:
    """Filter, select, set, preview, confirm; the rows leave the quarantine and reach silver."""
    lines = hires(*(f"{key},Sophie Wilson,2042-02-01T00:00:00Z,1," for key in (4201, 4202)))
    running.upload("bench.csv", lines, "hired_employees")
    running.wait_for(
        lambda: running.rows("SELECT FROM bronze_rawrecord WHERE key = '4202'"), "the records are there"
    )
    log_in(page, "admin")
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto("/admin/bronze/rawrecord/quarantine/?dataset=hired_employees")
    page.get_by_role("link", name="bench.csv").press("Enter")
    page.get_by_role("link", name="job_id: required").press("Enter")
    expect(page.get_by_text("2 rows of Hired employees in quarantine with these filters")).to_be_visible()
    for key in (4201, 4202):
        page.get_by_label(f"Select {key}").press("Space")
    page.locator("#id_set_field").select_option("job_id")
    page.get_by_label("Value").fill("1")
    page.get_by_role("button", name="Preview: set").press("Enter")
    expect(page.get_by_text("2 become valid and flow on")).to_be_visible()
    assert quarters(running, 2042) == []
    page.get_by_label("Why").fill("They are all clerks")
    page.get_by_role("button", name="Do it").press("Enter")
    expect(page.get_by_text("2 released: they are valid now")).to_be_visible()
    running.wait_for(
        lambda: quarters(running, 2042) == [("Product Management", "Clerk", 2, 0, 0, 0)], "gold has them"
    )
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (
        "nothing is cut off at 1280 px"
    )


def test_staff_import_a_file_without_a_mouse(page: Page, running: Lakehouse, tmp_path: Path) -> None:
    """Upload, correction, dry run, import, receipt, repair of what was rejected, all by the keyboard."""
    path = tmp_path / "hires.csv"
    path.write_bytes(hires("4201,Karen Jones,2042-02-01T00:00:00Z,1,1", "4202,,2042-02-01T00:00:00Z,1,1"))
    log_in(page, "admin")
    page.goto("/admin/bronze/sourcefile/import/")
    page.get_by_label("Files", exact=True).set_input_files(path)
    press(page, "Look at them")
    expect(page.get_by_text("name is missing")).to_be_visible()
    expect(page.get_by_label("Data set")).to_have_value("")
    press(page, "Next: see what it does")
    expect(page.get_by_role("cell", name="name is missing")).to_be_visible()
    press(page, "Import hires.csv")
    expect(page.get_by_role("status")).to_have_text("The file is loaded.", timeout=DEADLINE * 1000)
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Rejected rows").press("Enter")
    rejected = waiting.value.path().read_text(encoding="utf-8")
    assert waiting.value.suggested_filename.endswith("-rejected.csv")
    repaired = tmp_path / waiting.value.suggested_filename
    repaired.write_text(rejected.replace("4202,,", "4202,Evelyn Boyd,"), encoding="utf-8")
    page.get_by_role("link", name="Import another file").press("Enter")
    page.get_by_label("Files", exact=True).set_input_files(repaired)
    press(page, "Look at them")
    press(page, "Next: see what it does")
    press(page, "Import ")
    expect(page.get_by_role("status")).to_have_text("The file is loaded.", timeout=DEADLINE * 1000)
    running.wait_for(
        lambda: quarters(running, 2042) == [("Product Management", "Clerk", 2, 0, 0, 0)], "gold has both"
    )


def press(page: Page, name: str) -> None:
    """A button, by the keyboard. It must be where the Tab key leads to."""
    button = page.get_by_role("button", name=name)
    button.focus()
    expect(button).to_be_focused()
    page.keyboard.press("Enter")


def test_viewer_sees_no_way_into_the_admin(page: Page) -> None:
    log_in(page, "viewer")
    for address in ("/", "/search/", "/marts/people/hires-by-quarter/?year=2021"):
        answer = page.goto(address)
        assert answer is not None
        assert answer.ok
        assert page.locator("a[href^='/admin']").count() == 0


def test_staff_without_the_permission_see_no_personal_data(page: Page, running: Lakehouse) -> None:
    ((record,),) = running.rows("SELECT id FROM bronze_rawrecord WHERE key = '15'")
    log_in(page, "engineer")
    page.goto(f"/admin/bronze/rawrecord/{record}/change/")
    expect(page.get_by_text("L•••").first).to_be_visible()
    assert "Lamport" not in page.content()
    assert page.get_by_role("button", name="Save").count() == 0
    running.upload("cv.txt", b"Curriculum vitae\nUser: 15\nName: Leslie Lamport\n")
    running.wait_for(lambda: running.rows("SELECT FROM bronze_document WHERE user_id = '15'"), "it is read")
    page.goto("/admin/bronze/document/")
    page.get_by_role("link", name="•••").click()
    expect(page.get_by_text("c•••").first).to_be_visible()
    assert "Lamport" not in page.content()
    assert "cv.txt" not in page.content()


@pytest.mark.parametrize("name", ["admin", "engineer"])
def test_every_page_of_the_admin_opens(page: Page, name: str) -> None:
    """Each list, and the first row of each."""
    log_in(page, name)
    page.goto("/admin/")
    lists = set(re.findall(r'href="(/admin/\w+/\w+/)"', page.content()))
    assert len(lists) > 25
    for address in sorted(lists):
        answer = page.request.get(address)
        assert answer.ok, address
        if row := re.search(rf'href="({address}[^"?]+/change/)', answer.text()):
            assert page.request.get(row[1]).ok, row[1]


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_api_documentation_needs_no_other_server(page: Page, running: Lakehouse, version: str) -> None:
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    log_in(page, "viewer")
    page.goto(f"/api/{version}/docs")
    page.locator("h3[data-tag=files]").first.click()
    expect(page.get_by_text(f"/api/{version}/bronze/files", exact=True).first).to_be_visible()
    assert [url for url in asked if not url.startswith((running.url, "data:", "blob:"))] == []
    assert [text for text in said if "Content Security Policy" in text] == []
