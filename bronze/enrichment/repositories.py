"""What bronze knows of exchange rates."""

from datetime import date

from bronze.models import RawRecord

DATASET = "exchange_rates"


class StoredRates:
    """The valid records of the data set."""

    def last_day(self) -> date | None:
        """The last day of which there is a rate. The keys begin with their day, so that an index tells."""
        rows = RawRecord.objects.filter(dataset=DATASET, status=RawRecord.Status.VALID)
        key = rows.order_by("-key").values_list("key", flat=True).first()
        return date.fromisoformat(key.partition(":")[0]) if key else None
