"""Everybody whom the data sets speak of, as compact arrays, and the file of users."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from bronze.seeding import timeline
from bronze.seeding.noise import CARELESS, FREE_TEXT, roughen
from bronze.seeding.places import COUNTRIES, PLACES, City, Country
from bronze.seeding.randomness import BoolArray, IntArray, chance, pick, zipf_weights
from bronze.seeding.trouble import Rows, Trouble, becomes, impossible_date, missing

FIRST_USER = 1001
YEAR_SECONDS = 365 * timeline.DAY_SECONDS

TWINS_PER_MILLE = 20
"""People who registered again: same name, address and phone under another user id."""

PLAIN = str.maketrans(
    "áàâäãåçéèêëíìîïñóòôöõúùûüÁÉÈÍÓÖÚÜÅÇÂÔ", "aaaaaaceeeeiiiinooooouuuuAEEIOOUUACAO", "'ßº "
)
MAIL_HOSTS = ("example.com", "example.org", "mail.example.net", "post.example.com", "web.example.org")

COLUMNS = (
    "user_id",
    "full_name",
    "email",
    "phone",
    "address",
    "city",
    "postal_code",
    "country",
    "created_at",
)

TROUBLES: tuple[Trouble, ...] = (
    Trouble("email", lambda value, _dice: value.replace("@", " at ")),
    Trouble("email", lambda value, _dice: value.split(".example")[0].split("@")[0] + "@localhost"),
    missing("email"),
    missing("full_name"),
    missing("city"),
    missing("postal_code"),
    becomes("country", "XX", "ZZ", "Q1"),
    missing("country"),
    impossible_date("created_at"),
    becomes("phone", "n/a", "unknown", "call me"),
)


@dataclass(frozen=True)
class Population:
    """Element i tells of the user with the id `FIRST_USER + i`; ids ascend with the time of creation."""

    place: IntArray
    given: IntArray
    family: IntArray
    created: IntArray
    twin_of: IntArray
    """Index of an earlier user who is the same person; the own index for nearly all."""
    _by_popularity: IntArray
    _homes: int

    @classmethod
    def draw(cls, rng: np.random.Generator, count: int) -> "Population":
        twin_of = _twins(rng, count)
        place = pick(rng, [city.weight for _, city in PLACES], count)[twin_of]
        given, family = (rng.integers(0, 1 << 20, count)[twin_of] for _ in range(2))
        return cls(
            place,
            given,
            family,
            _created(rng, count),
            twin_of,
            rng.permutation(count),
            int(rng.integers(1 << 30)),
        )

    @property
    def size(self) -> int:
        return len(self.place)

    def country(self, user: int) -> Country:
        return COUNTRIES[PLACES[int(self.place[user])][0]]

    def city(self, user: int) -> City:
        return PLACES[int(self.place[user])][1]

    def name(self, user: int) -> tuple[str, str]:
        country = self.country(user)
        given = country.given[self.given[user] % len(country.given)]
        return given, country.family[self.family[user] % len(country.family)]

    @cached_property
    def country_index(self) -> IntArray:
        return np.array([country for country, _ in PLACES])[self.place]

    def home(self, user: int) -> np.random.Generator:
        """Random numbers for address and phone, the same for a person under all user ids."""
        return np.random.Generator(np.random.PCG64([self._homes, int(self.twin_of[user])]))

    def customers(self, rng: np.random.Generator, moments: IntArray) -> IntArray:
        """A user for each moment, who existed by then: mostly one of the popular few."""
        favourites = self._by_popularity[pick(rng, self._popularity, len(moments))]
        known = np.maximum(np.searchsorted(self.created, moments, side="right"), 1)
        anybody = rng.integers(0, 1 << 30, len(moments)) * known >> 30
        return np.where(self.created[favourites] <= moments, favourites, anybody)

    @cached_property
    def _popularity(self) -> IntArray:
        return zipf_weights(self.size, 12)


def _twins(rng: np.random.Generator, count: int) -> IntArray:
    oneself = np.arange(count)
    earlier = rng.integers(0, 1 << 30, count) * oneself >> 30
    again = chance(rng, TWINS_PER_MILLE, count)
    return np.where(again & ~again[earlier], earlier, oneself)


def _created(rng: np.random.Generator, count: int) -> IntArray:
    """A quarter of the users came in the year before the covered ones."""
    old = -(-count // 4)
    before = timeline.START - rng.integers(1, YEAR_SECONDS, old)
    since = timeline.START + rng.integers(0, (timeline.DAYS - 10) * timeline.DAY_SECONDS, count - old)
    return np.sort(np.concatenate([before, since]))


def user_ids(users: IntArray) -> pl.Series:
    return pl.Series(users + FIRST_USER).cast(pl.String)


def user_rows(people: Population, start: int, stop: int, rng: np.random.Generator) -> Rows:
    """Users [start, stop) with their untidiness, troubles and repetitions."""
    frame = pl.DataFrame(
        list(_users(people, range(start, stop), rng)), schema=dict.fromkeys(COLUMNS, pl.String), orient="row"
    )
    frame = frame.with_columns(
        roughen(frame["city"], rng, 50, FREE_TEXT),
        roughen(frame["full_name"], rng, 25, CARELESS),
        _updated(people.created[start:stop], rng),
    )
    return Rows.clean(frame).afflict(rng, TROUBLES).repeat_some(rng)


def _users(people: Population, users: range, rng: np.random.Generator) -> Iterator[tuple[str | None, ...]]:
    created = timeline.timestamps(people.created[users.start : users.stop])
    dice = rng.integers(0, 1 << 30, (len(users), 2)).tolist()
    for user, since, (style, host) in zip(users, created, dice, strict=True):
        given, family = people.name(user)
        email = f"{_mailbox(given, family, style)}@{MAIL_HOSTS[host % len(MAIL_HOSTS)]}"
        yield str(user + FIRST_USER), f"{given} {family}", email, *_residence(people, user), since


def _residence(people: Population, user: int) -> tuple[str | None, ...]:
    """Phone, address, city, postal code, country."""
    country, city = people.country(user), people.city(user)
    phone, address, postal_code = _contact(country, city, people.home(user))
    return phone, address, city.name, postal_code, country.code


def _mailbox(given: str, family: str, style: int) -> str:
    given, family = (name.translate(PLAIN).lower() for name in (given, family))
    stem = (f"{given}.{family}", f"{given[0]}{family}", f"{family}.{given}", f"{given}_{family}")[style % 4]
    return f"{stem}{style // 4 % 90 + 10}" if style % 3 else stem


def _contact(country: Country, city: City, rng: np.random.Generator) -> tuple[str | None, str | None, str]:
    dice = rng.integers(0, 1 << 30, 5).tolist()
    phone = country.phones[dice[0] % len(country.phones)].format(area=city.area_code)
    street = country.streets[dice[1] % len(country.streets)]
    address = country.address[dice[2] % len(country.address)]
    address = address.format(street=street, n=dice[3] % 180 + 1, m=dice[3] % 12 + 1)
    has_phone, has_address = dice[4] % 10 > 0, dice[4] % 23 > 0
    filled = fill_pattern(phone, rng) if has_phone else None
    return filled, address if has_address else None, fill_pattern(city.postal_code, rng)


def fill_pattern(pattern: str, rng: np.random.Generator) -> str:
    """`pattern` with a digit for each `#` and a capital letter for each `@`."""
    digits = iter(rng.integers(0, 10_400, len(pattern)).tolist())
    return "".join(
        chr(48 + next(digits) % 10) if sign == "#" else chr(65 + next(digits) % 26) if sign == "@" else sign
        for sign in pattern
    )


def _updated(created: IntArray, rng: np.random.Generator) -> pl.Series:
    """When the user changed last, null for most; before the end of the covered years."""
    moments = created + (rng.integers(1, 1 << 20, len(created)) * (timeline.END - created) >> 20)
    changed: BoolArray = chance(rng, 350, len(created))
    return (
        pl.select(pl.when(pl.Series(changed)).then(timeline.timestamps(moments)))
        .to_series()
        .alias("updated_at")
    )
