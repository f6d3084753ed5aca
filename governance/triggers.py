"""Triggers that keep change tracking true whatever writes to a table: ORM, COPY, merge or psql."""

import pgtrigger


def stamp_xid() -> pgtrigger.Trigger:
    """Stamp a row with the transaction that updates it; the column default does so on insert."""
    return pgtrigger.Trigger(
        name="stamp_xid",
        operation=pgtrigger.Update,
        when=pgtrigger.Before,
        func="NEW.xid = pg_current_xact_id(); RETURN NEW;",
    )


def stamp_revision() -> pgtrigger.Trigger:
    """Stamp a row with the updating transaction and count its revision up."""
    return pgtrigger.Trigger(
        name="stamp_revision",
        operation=pgtrigger.Update,
        when=pgtrigger.Before,
        func="NEW.xid = pg_current_xact_id(); NEW.revision = OLD.revision + 1; NEW.updated_at = now(); RETURN NEW;",
    )
