"""Use cases of search."""

from search.ports import Searcher
from search.services.comparing import Reconcile
from search.services.evaluating import Evaluate, FillCollection, IndexCollection
from search.services.finding import FindDocuments, FindSimilar
from search.services.mirroring import MirrorChanges, SendChanges
from search.services.projecting import ProjectChanges
from search.services.rebuilding import RebuildIndexes
from search.services.status import DescribeEngine, IssueBrowserKey

__all__ = [
    "DescribeEngine",
    "Evaluate",
    "FillCollection",
    "FindDocuments",
    "FindSimilar",
    "IndexCollection",
    "IssueBrowserKey",
    "MirrorChanges",
    "ProjectChanges",
    "RebuildIndexes",
    "Reconcile",
    "Searcher",
    "SendChanges",
]
