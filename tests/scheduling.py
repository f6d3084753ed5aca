"""Which process of xdist runs what: a file stays in one process, and so do files that share a running lakehouse."""

from xdist.scheduler import LoadFileScheduling

SHARING = tuple(f"tests/e2e/test_{name}.py" for name in ("browser", "pipeline", "search_page", "uploads"))
"""Files whose tests use the fixture `running`: to start it once more takes longer than most files."""


class SharedLakehouseInOneProcess(LoadFileScheduling):
    """As `--dist loadfile`, with the files of `SHARING` as if they were one."""

    def _split_scope(self, nodeid: str) -> str:
        path = super()._split_scope(nodeid)
        return SHARING[0] if path in SHARING else path
