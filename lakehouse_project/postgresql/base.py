"""The connection of each thread outlives its requests; whether it still works is found out without asking the server."""

import select

from django.db.backends.postgresql.base import DatabaseWrapper as DjangoWrapper


class DatabaseWrapper(DjangoWrapper):
    """Named as Django looks for it."""

    def is_usable(self) -> bool:
        """A server that has gone has closed the connection, and that can be read from it; on one that is fine nothing waits
        to be read. Django would ask the server at the beginning of every request."""
        return super().is_usable() if self.connection is None or self._has_something_to_read() else True

    def _has_something_to_read(self) -> bool:
        if self.connection.closed:
            return True
        poll = select.poll()
        poll.register(self.connection.fileno(), select.POLLIN)
        return bool(poll.poll(0))
