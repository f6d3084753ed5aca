"""The invented company: which data sets it has, how many rows of each, and in which formats they come."""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from bronze.seeding import banks, careers, orders, people, products, rates
from bronze.seeding.documents import write_documents
from bronze.seeding.events import EventLog
from bronze.seeding.files import (
    JSON_ARRAY,
    NDJSON,
    Block,
    FileSet,
    SeedFile,
    TextFormat,
    csv_block,
    csv_format,
    line_block,
    repeat_header,
)
from bronze.seeding.orders import OrderBook
from bronze.seeding.people import Population
from bronze.seeding.products import Catalogue
from bronze.seeding.recipe import Recipe
from bronze.seeding.timeline import Timeline
from bronze.seeding.trouble import Rows, cut_short, half_written, surplus_field

USERS = 1_000
PRODUCTS = 300
HIRES = 2_000
ORDER_LINES = 20_000
EVENTS = 50_000
DOCUMENTS = 200


def write_seed(folder: Path, *, scale: float, seed: int) -> tuple[SeedFile, ...]:
    """Write all files into `folder` (made if missing); the same bytes for the same scale and seed.

    Rows grow with `scale`, documents with its root above 1; departments, jobs and exchange rates stay as they are.
    Keys are distinct but for a few repeated rows, which come on top. Raises `ValueError` unless scale > 0 and seed >= 0.
    """
    return tuple(iter_seed(folder, scale=scale, seed=seed))


def iter_seed(folder: Path, *, scale: float, seed: int) -> Iterator[SeedFile]:
    """The same, file by file as they are finished."""
    return Company(Recipe(scale, seed)).write(folder)


def expected_rows(*, scale: float, seed: int) -> int:
    """How many rows and documents `iter_seed` writes, but for the few that do not grow with `scale` or are repeated."""
    recipe = Recipe(scale, seed)
    of_users = 3 * recipe.rows(USERS)
    return of_users + sum(map(recipe.rows, (PRODUCTS, HIRES, ORDER_LINES, EVENTS))) + DOCUMENTS


class Company:
    """Writes the files of one recipe. What several data sets speak of (people, products) is drawn once."""

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe

    @cached_property
    def people(self) -> Population:
        return Population.draw(self._recipe.stream("people"), self._recipe.rows(USERS))

    @cached_property
    def catalogue(self) -> Catalogue:
        return Catalogue.draw(self._recipe.stream("catalogue"), self._recipe.rows(PRODUCTS))

    def write(self, folder: Path) -> Iterator[SeedFile]:
        """Referenced data sets first."""
        folder.mkdir(parents=True, exist_ok=True)
        yield from self._reference_data(folder)
        yield from self._people_data(folder)
        yield from self._sales_data(folder)
        yield from write_documents(folder, self._recipe, self.people, DOCUMENTS)

    def _reference_data(self, folder: Path) -> Iterator[SeedFile]:
        departments, jobs = careers.department_frame(), careers.job_frame()
        yield from self._small_csv(
            folder, "departments", Rows.clean(departments), csv_format(departments.columns)
        )
        yield from self._small_csv(folder, "jobs", Rows.clean(jobs), csv_format(()))
        rows = rates.rate_rows(self._recipe.stream("exchange_rates"))
        yield from self._small_csv(folder, "exchange_rates", rows, csv_format(rows.frame.columns))
        yield products.write_products(
            folder, products.product_rows(self.catalogue, self._recipe.stream("products"))
        )

    def _people_data(self, folder: Path) -> Iterator[SeedFile]:
        users, hires = self._recipe.rows(USERS), self._recipe.rows(HIRES)
        columns = (*people.COLUMNS, "updated_at")
        yield from self._files(folder, "users", csv_format(columns), self._user_blocks(), users)
        yield from self._files(folder, "user_bank_info", NDJSON, self._bank_blocks(), users)
        employment_format = csv_format(careers.EMPLOYMENT_COLUMNS, careers.SEPARATOR)
        yield from self._files(folder, "employment_info", employment_format, self._employment_blocks(), users)
        yield from self._files(
            folder, "hired_employees", csv_format(careers.HIRE_COLUMNS), self._hire_blocks(), hires
        )

    def _sales_data(self, folder: Path) -> Iterator[SeedFile]:
        lines, events = self._recipe.rows(ORDER_LINES), self._recipe.rows(EVENTS)
        book = OrderBook(self._recipe, self.people, self.catalogue, lines)
        flat = lines * orders.CSV_PERCENT // 100
        yield from self._files(
            folder, "order_lines", csv_format(orders.CSV_COLUMNS), book.csv_blocks(0, flat), flat
        )
        yield from self._order_documents(folder, book, flat, lines)
        log = EventLog(self._recipe, self.people, self.catalogue, events)
        yield from self._files(folder, "events", NDJSON, log.blocks(), events)

    def _order_documents(self, folder: Path, book: OrderBook, start: int, stop: int) -> Iterator[SeedFile]:
        """One block per file: a JSON array is read as a whole."""
        files = FileSet(folder, "order_lines", "orders", JSON_ARRAY)
        numbered = stop - start > self._recipe.block_rows
        return files.write(book.json_blocks(start, stop), 1, numbered=numbered)

    def _user_blocks(self) -> Iterator[Block]:
        breaks = (surplus_field(","), cut_short(","))
        for span in self._recipe.spans(0, self.people.size):
            rng = self._recipe.stream("users", span.number)
            rows = people.user_rows(self.people, span.start, span.stop, rng)
            block = csv_block(rows, rng, breaks if span.number == 0 else ())
            yield repeat_header(block, rows.frame.columns) if span.number == 0 else block

    def _bank_blocks(self) -> Iterator[Block]:
        for span in self._recipe.spans(0, self.people.size):
            rng = self._recipe.stream("user_bank_info", span.number)
            rows = banks.account_rows(self.people, span.start, span.stop, rng)
            lines = rows.frame.write_ndjson().splitlines()
            yield line_block(lines, rows, rng, (half_written,) if span.number == 0 else ())

    def _employment_blocks(self) -> Iterator[Block]:
        employments = careers.Careers(self.people)
        breaks = (surplus_field(careers.SEPARATOR), cut_short(careers.SEPARATOR))
        for span in self._recipe.spans(0, self.people.size):
            rng = self._recipe.stream("employment_info", span.number)
            rows = employments.rows(span, rng)
            yield csv_block(rows, rng, breaks if span.number == 0 else (), separator=careers.SEPARATOR)

    def _hire_blocks(self) -> Iterator[Block]:
        total = self._recipe.rows(HIRES)
        days = Timeline(self._recipe.stream("hire days"))
        for span in self._recipe.spans(0, total):
            rng = self._recipe.stream("hired_employees", span.number)
            yield csv_block(careers.hire_rows(days, total, span, rng), rng)

    def _files(
        self, folder: Path, dataset: str, text_format: TextFormat, blocks: Iterator[Block], rows: int
    ) -> Iterator[SeedFile]:
        files = FileSet(folder, dataset, dataset, text_format)
        return files.write(blocks, self._recipe.blocks_per_file, numbered=self._recipe.needs_numbers(rows))

    def _small_csv(
        self, folder: Path, dataset: str, rows: Rows, text_format: TextFormat
    ) -> Iterator[SeedFile]:
        block = csv_block(rows, self._recipe.stream(dataset, 1))
        return self._files(folder, dataset, text_format, iter([block]), block.rows)
