"""The collections of the search server, as the database knows them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from search.domain import INDEXES, PERSONAL, Index
from search.errors import MirrorBusy
from search.models import Collection, Synonyms

State = Collection.State
KEPT = timedelta(minutes=10)
"""How long a replaced collection stays for queries that are under way and for a look back."""
_LOCK = (0x1AE, 0x5EA2C5)


@dataclass(frozen=True)
class Collections:
    """Those on one server, with the embeddings of the embedder of that id."""

    server: str
    layout: int
    embedder: str

    @contextmanager
    def rebuilding(self, *, wait: bool = False) -> Iterator[None]:
        """Be the only one who rebuilds. Raises MirrorBusy, unless `wait`. The lock is the session's: a rebuild is no
        transaction."""
        with connection.cursor() as cursor:
            if wait:
                cursor.execute("SELECT pg_advisory_lock(%s, %s)", _LOCK)
            else:
                cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", _LOCK)
                if not cursor.fetchone()[0]:
                    raise MirrorBusy("The index is being rebuilt already.")
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", _LOCK)

    def fed(self, index: Index) -> list[str]:
        """Those of `index` that every change is sent to: the one in use and those being built."""
        return list(
            self._mine(index).filter(state__in=[State.LIVE, State.BUILDING]).values_list("name", flat=True)
        )

    def live(self, index: Index) -> str | None:
        return self._mine(index).filter(state=State.LIVE).values_list("name", flat=True).first()

    def unready(self) -> list[Index]:
        """Indexes that no collection of today's layout and embedder serves."""
        live = self._all().filter(state=State.LIVE, layout=self.layout, embedder=self.embedder)
        ready = set(live.values_list("alias", flat=True))
        return [index for index in INDEXES if index.alias not in ready]

    def serves(self, entities: Sequence[str], *, is_personal: bool) -> bool:
        """Whether queries of these entities can be answered."""
        wanted = {Index(entity, is_personal=is_personal and entity in PERSONAL) for entity in entities}
        return wanted.isdisjoint(self.unready())

    def begin(self, index: Index, name: str) -> None:
        Collection.objects.create(
            name=name,
            alias=index.alias,
            server=self.server,
            layout=self.layout,
            embedder=self.embedder,
            state=State.BUILDING,
        )

    def abandoned(self) -> list[str]:
        """Those whose rebuild came to nothing, if no rebuild is under way."""
        return list(self._all().filter(state=State.BUILDING).values_list("name", flat=True))

    def take_into_use(self, index: Index, name: str, passages: int) -> None:
        """From now on `name` is the one; what another server holds of the index is out of date from here on."""
        with transaction.atomic():
            others = Collection.objects.filter(alias=index.alias).exclude(name=name)
            others.filter(server=self.server, state__in=[State.LIVE, State.STALE]).update(
                state=State.RETIRED, changed_at=Now()
            )
            others.exclude(server=self.server).delete()
            Collection.objects.filter(name=name).update(state=State.LIVE, passages=passages, changed_at=Now())

    def lost(self, name: str) -> None:
        """It is not what the database thinks: it has to be built anew."""
        Collection.objects.filter(name=name, state=State.LIVE).update(state=State.STALE, changed_at=Now())
        Collection.objects.filter(name=name, state=State.BUILDING).delete()

    def without_synonyms(self, digest: str) -> list[str]:
        """Those that have other synonyms than the ones of `digest`."""
        fed = self._all().filter(state__in=[State.LIVE, State.BUILDING]).exclude(synonyms=digest)
        return list(fed.values_list("name", flat=True))

    def have_synonyms(self, name: str, digest: str) -> None:
        Collection.objects.filter(name=name).update(synonyms=digest)

    def names(self) -> set[str]:
        """Of all that are known, on any server."""
        return set(Collection.objects.values_list("name", flat=True))

    def forget(self, name: str) -> None:
        Collection.objects.filter(name=name).delete()

    def droppable(self) -> list[str]:
        """Replaced ones that nobody needs any more."""
        old = self._all().filter(state=State.RETIRED, changed_at__lt=timezone.now() - KEPT)
        return list(old.values_list("name", flat=True))

    def synonyms(self) -> dict[str, list[str]]:
        """The words of each group that staff have entered."""
        return dict(Synonyms.objects.values_list("name", "words"))

    def _all(self) -> QuerySet[Collection]:
        return Collection.objects.filter(server=self.server).order_by()

    def _mine(self, index: Index) -> QuerySet[Collection]:
        return self._all().filter(alias=index.alias)
