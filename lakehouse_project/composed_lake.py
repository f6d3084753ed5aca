"""How the services of the lake are built: what the layers above publish is handed to it here."""

from collections.abc import Sequence

import wireup
from django.db import transaction

from gold.published import PublishedMarts
from governance.feed import ChangeFeed
from lake import services as lake
from lake.athena.following import FollowPublish
from lake.repositories import PublishedTables
from lake.sources import PublishedLayer
from lake.storage import Storage
from lake.tables import LakeTables
from lakehouse_project.env import env
from lakehouse_project.kernel.events import EventBus
from silver.published import PublishedFacts

STAGE = "lake"


def _layers() -> Sequence[PublishedLayer]:
    return PublishedFacts(env().lake_personal_data), PublishedMarts()


@wireup.injectable
def lake_tables(stored: Storage, published: PublishedTables) -> LakeTables:
    specs = [source.spec for layer in _layers() for source in layer.sources()]
    return LakeTables(
        storage=stored, published=published, origins={spec.name: spec.datasets for spec in specs}
    )


@wireup.injectable
def publish_lake(
    publish: lake.PublishTable, tables: LakeTables, published: PublishedTables, bus: EventBus
) -> lake.PublishLake:
    return lake.PublishLake(
        layers=_layers(),
        publish=publish,
        tables=tables,
        published=published,
        feed=ChangeFeed(STAGE),
        events=bus,
        atomic=transaction.atomic,
    )


@wireup.injectable
def vacuum_lake(stored: Storage, published: PublishedTables, follow: FollowPublish) -> lake.VacuumLake:
    return lake.VacuumLake(
        storage=stored,
        published=published,
        feed=ChangeFeed(STAGE),
        atomic=transaction.atomic,
        grace_hours=env().lake_grace_hours,
        follow=follow,
    )


FACTORIES = (lake_tables, publish_lake, vacuum_lake)
PLAIN = (PublishedTables, lake.PublishTable)
