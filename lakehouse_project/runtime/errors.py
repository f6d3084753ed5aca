"""What the runtime tells a person when it cannot go on: one sentence, and the log lines that explain it."""

from collections.abc import Sequence


class RuntimeProblem(Exception):
    """A condition the person at the keyboard can mend; `str()` is one complete sentence."""

    def __init__(self, sentence: str, log_lines: Sequence[str] = ()) -> None:
        super().__init__(sentence)
        self.log_lines = tuple(log_lines)
