"""The state folder while `lakehouse up` runs on it: one runner at a time, and where its servers listen."""

import fcntl
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lakehouse_project.runtime.errors import RuntimeProblem
from lakehouse_project.runtime.files import private_folder, read_json, write_private_json
from lakehouse_project.runtime.guard import is_running

_STOPPING_TIMEOUT = 60.0


@dataclass(frozen=True)
class StateFolder:
    """LAKEHOUSE_HOME."""

    home: Path

    @property
    def run(self) -> Path:
        return self.home / "run"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def services_file(self) -> Path:
        return self.run / "services.json"

    def log(self, part: str) -> Path:
        return self.logs / f"{part}.log"

    def create(self) -> None:
        """Make the folder and what every part expects in it, or raise RuntimeProblem."""
        folders = (self.home, self.run, self.logs, self.home / "tmp")
        try:
            for folder in folders:
                private_folder(folder)
        except OSError as error:
            raise RuntimeProblem(
                f"The state folder {self.home} cannot be used ({error.strerror}); "
                "set LAKEHOUSE_HOME to a folder of your own."
            ) from None
        if not all(os.access(folder, os.R_OK | os.W_OK | os.X_OK) for folder in folders):
            raise RuntimeProblem(
                f"The state folder {self.home} is not writable; set LAKEHOUSE_HOME to a folder of your own."
            )

    def publish(self, services: dict[str, Any]) -> None:
        """Tell other commands on this folder where the embedded servers listen."""
        write_private_json(self.services_file, services)

    def withdraw(self) -> None:
        self.services_file.unlink(missing_ok=True)


class RunLock:
    """Held by the supervisor, and by its guard for as long as parts of a killed supervisor are ending."""

    def __init__(self, folder: StateFolder) -> None:
        self._path = folder.run / "lock.json"
        self.descriptor = os.open(folder.run / "lock", os.O_RDWR | os.O_CREAT, 0o600)

    def acquire(self, url: str) -> None:
        """Wait for a supervisor that is ending; raise RuntimeProblem when one lives."""
        deadline = time.monotonic() + _STOPPING_TIMEOUT
        while not self._try():
            self._refuse_if_alive()
            if time.monotonic() > deadline:
                raise RuntimeProblem("An earlier run of this state folder does not end; see its logs.")
            time.sleep(0.1)
        write_private_json(self._path, {"pid": os.getpid(), "url": url})

    def release(self) -> None:
        self._path.unlink(missing_ok=True)
        os.close(self.descriptor)

    def _try(self) -> bool:
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _refuse_if_alive(self) -> None:
        holder = read_json(self._path) or {}
        if is_running(holder.get("pid", 0)):
            raise RuntimeProblem(
                f"lakehouse is already running on this state folder (pid {holder['pid']}) "
                f"at {holder['url']}; stop it with Ctrl-C there, or set LAKEHOUSE_HOME to another folder."
            )
