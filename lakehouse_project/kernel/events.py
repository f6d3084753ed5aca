"""Publish/subscribe between layers. Who listens to which event is listed in `lakehouse_project.pipeline`."""

from typing import Any, Protocol


class EventBus(Protocol):
    """Where services announce what happened."""

    def publish(self, name: str, **payload: Any) -> None:
        """Tell the listeners of event `name` once the surrounding transaction has committed.

        A roll-back publishes nothing. `payload` must be JSON (ids, not rows).
        """
