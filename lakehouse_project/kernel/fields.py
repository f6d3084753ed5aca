"""Model fields and lookups for what PostgreSQL has and Django has not."""

from typing import Any

from django.db import models
from django.db.models import lookups


class CurrentXid(models.Func):
    """`pg_current_xact_id()`: the id of the writing transaction, an xid8 that never wraps."""

    function = "pg_current_xact_id"
    output_field: "models.Field[Any, Any]" = models.BigIntegerField()


class XidField(models.BigIntegerField):  # type: ignore[type-arg]
    """The 64-bit id of the transaction that wrote the row last, read as `int`.

    Kept right by the column default on insert and by a trigger (`governance.triggers.stamp_xid`) on update.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["db_default"] = CurrentXid()
        kwargs["editable"] = False
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("db_default", None)
        kwargs.pop("editable", None)
        return name, path, args, kwargs

    def db_type(self, connection: Any) -> str:
        return "xid8"

    def select_format(self, compiler: Any, sql: str, params: Any) -> tuple[str, Any]:
        return f"({sql})::text::bigint", params

    def get_placeholder(self, value: Any, compiler: Any, connection: Any) -> str:
        return "%s" if hasattr(value, "as_sql") else "%s::text::xid8"


class VirtualField(models.GeneratedField):
    """A generated column that is computed when it is read and takes no space. It cannot be indexed; its expression can.

    PostgreSQL has them since version 18, which Django learns with its version 6.0: until then its check is left out.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "db_persist": False})

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        del kwargs["db_persist"]
        return name, path, args, kwargs

    def _check_persistence(self, databases: Any) -> list[Any]:
        return []


@models.TextField.register_lookup
class AnyOf(models.Lookup):
    """`text__any_of=keys`: as `in`, but one parameter; psycopg takes milliseconds to prepare a thousand of them."""

    lookup_name = "any_of"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        text, params = self.process_lhs(compiler, connection)
        return f"{text} = ANY(%s::text[])", [*params, list(self.rhs)]


class _AsXid:
    """Compare with an xid8: PostgreSQL has no operators between it and numbers."""

    def process_rhs(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        rhs, params = super().process_rhs(compiler, connection)  # type: ignore[misc]
        return f"({rhs})::text::xid8", params


for _lookup in (
    lookups.Exact,
    lookups.GreaterThan,
    lookups.GreaterThanOrEqual,
    lookups.LessThan,
    lookups.LessThanOrEqual,
):
    XidField.register_lookup(type(f"Xid{_lookup.__name__}", (_AsXid, _lookup), {}))
