"""The chain runs its steps in order, stops early with a result, and cleans up in any case."""

import pytest

from lakehouse_project.kernel.chain import Chain, Stop
from lakehouse_project.kernel.errors import PermanentError


def add_one(number: int) -> int:
    return number + 1


def stop_at_three(number: int) -> int | Stop[str]:
    return Stop("three") if number == 3 else number


def refuse(number: int) -> int:
    raise PermanentError(f"no {number}")


def test_steps_in_order_stop_and_cleanup():
    cleaned: list[int] = []
    chain: Chain[int, str] = Chain((add_one, stop_at_three, add_one), cleanup=cleaned.append)
    assert chain.run(1) == 3
    assert chain.run(2) == Stop("three")
    assert cleaned == [3, 3]


def test_an_error_names_its_step_and_cleanup_runs():
    cleaned: list[int] = []
    with pytest.raises(PermanentError, match="no 2") as raised:
        Chain((add_one, refuse), cleanup=cleaned.append).run(1)
    assert raised.value.context["step"] == "refuse"
    assert cleaned == [2]
