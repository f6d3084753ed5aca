"""docs/api.md: every block is run, in the order of the document, and what it shows is what the server answers."""

import contextlib
import io
import json
import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.pipeline import DEADLINE, PASSWORD, Lakehouse

DOCUMENT = Path(__file__).parents[2] / "docs" / "api.md"
BLOCK = re.compile(r"^```(sh|python|json|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ANY = "…"

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Step:
    """A block that is run, and the answer that the document shows below it."""

    language: str
    code: str
    shown: str | None


def steps(text: str) -> list[Step]:
    blocks = BLOCK.findall(text)
    followed = [*blocks[1:], ("", "")]
    return [
        Step(language, code, shown if kind in ("json", "text") else None)
        for (language, code), (kind, shown) in zip(blocks, followed, strict=True)
        if language in ("sh", "python")
    ]


class Session:
    """A shell that keeps its variables and functions from block to block, and a Python that keeps its names."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._folder, self._environment, self._names = folder, environment, {"__name__": "api"}
        (folder / "kept").touch()

    def run(self, step: Step) -> str:
        return self._shell(step.code) if step.language == "sh" else self._python(step.code)

    def _shell(self, code: str) -> str:
        whole = f"source kept\n{code}\n(declare -f; declare -p AUTH) > kept"
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", whole],
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )
        assert done.returncode == 0, f"{code}\n{done.stderr}"
        return done.stdout

    def _python(self, code: str) -> str:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(code, str(DOCUMENT), "exec"), self._names)  # noqa: S102  it is the document that is tested
        return out.getvalue()


def fits(shown: Any, answer: Any) -> bool:
    """Whether the answer is the one shown: `"…"` stands for any value, the member `"…"` for members left out."""
    if shown == ANY:
        return True
    if isinstance(shown, dict) and isinstance(answer, dict):
        named = {name: value for name, value in shown.items() if name != ANY}
        is_whole = ANY in shown or named.keys() == answer.keys()
        return is_whole and all(name in answer and fits(value, answer[name]) for name, value in named.items())
    if isinstance(shown, list) and isinstance(answer, list):
        return len(shown) == len(answer) and all(map(fits, shown, answer))
    return bool(shown == answer)


def test_the_document_tells_what_happens(
    new_lakehouse: Callable[..., Lakehouse], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = new_lakehouse("web", "worker", "beat")
    settings = {"LAKEHOUSE": server.url, "LOGIN": "admin", "PASSWORD": PASSWORD}
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    session = Session(tmp_path, dict(os.environ))
    told = steps(DOCUMENT.read_text(encoding="utf-8"))
    assert len(told) >= 20
    for step in told:
        answer = session.run(step)
        if step.shown is None:
            continue
        if step.language == "sh":
            assert fits(json.loads(step.shown), json.loads(answer)), f"{step.code}\n{answer}"
        else:
            assert answer.strip() == step.shown.strip(), step.code


@pytest.mark.parametrize(
    ("shown", "answer", "expected"),
    [
        ({"id": ANY}, {"id": 3}, True),
        ({"id": ANY}, {"id": 3, "name": "a"}, False),
        ({"id": 3, ANY: ANY}, {"id": 3, "name": "a"}, True),
        ({"id": 4, ANY: ANY}, {"id": 3, "name": "a"}, False),
        ([{"id": 1}], [], False),
    ],
)
def test_how_answers_are_compared(shown: Any, answer: Any, expected: bool) -> None:
    assert fits(shown, answer) is expected
