"""A task that looks for all there is to do is called once, until it begins."""

from uuid import uuid4

from lakehouse_project.calls import begun, not_called_yet


def test_a_task_is_called_once_and_again_when_it_has_begun() -> None:
    first, second = f"test.{uuid4()}", f"test.{uuid4()}"
    assert not_called_yet([first]) == [first]
    assert not_called_yet([first, second]) == [second]
    begun(first)
    assert not_called_yet([first, second]) == [first]
