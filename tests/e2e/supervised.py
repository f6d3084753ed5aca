"""A process for the supervisor tests: real servers, and `pool`, a part with children of its own.

python -m tests.e2e.supervised LAKEHOUSE_HOME
"""

import multiprocessing
import os
import sys
import time
from pathlib import Path

from lakehouse_project.runtime.errors import RuntimeProblem
from lakehouse_project.runtime.guard import Guard
from lakehouse_project.runtime.parts import ModulePart
from lakehouse_project.runtime.postgres import EmbeddedPostgres
from lakehouse_project.runtime.secrets import load_secrets
from lakehouse_project.runtime.state import RunLock, StateFolder
from lakehouse_project.runtime.supervisor import StopRequested, Supervisor
from lakehouse_project.runtime.valkey import EmbeddedValkey


def supervise(home: Path) -> None:
    folder = StateFolder(home)
    folder.create()
    lock = RunLock(folder)
    lock.acquire("http://127.0.0.1:0")
    secrets = load_secrets(home)
    postgres = EmbeddedPostgres(folder=home / "postgres", log=folder.log("postgres"), secrets=secrets)
    valkey = EmbeddedValkey(
        folder=home / "valkey", log=folder.log("valkey"), password=secrets.valkey_password
    )
    pool = ModulePart("pool", folder.log("pool"), ("tests.e2e.supervised", "--pool"), os.environ)
    guard = Guard(lock.descriptor)
    supervisor = Supervisor(guard, _say)
    try:
        with supervisor.listening():
            supervisor.start(postgres, valkey)
            supervisor.launch(pool)
            folder.publish({"database_url": postgres.url, "broker_url": valkey.url})
            _say("ready")
            supervisor.watch()
    except StopRequested:
        _say("stopping")
    finally:
        supervisor.stop()
        folder.withdraw()
        guard.close()
        lock.release()


def pool() -> None:
    """Two children that outlive a parent that is killed."""
    for _ in range(2):
        multiprocessing.Process(target=time.sleep, args=(600,)).start()
    time.sleep(600)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    if sys.argv[1] == "--pool":
        pool()
    else:
        try:
            supervise(Path(sys.argv[1]))
        except RuntimeProblem as problem:
            sys.exit(str(problem))
