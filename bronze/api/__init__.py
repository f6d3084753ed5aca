"""Routes of the bronze layer: files with their receipts, and raw records of every data set, single and in batches."""

from ninja import Router

from bronze.api import batches, datasets, documents, files, history, quarantine, records, restrictions

router = Router()
router.add_router("/files", files.router)
router.add_router("/documents", documents.router)
router.add_router("/history", history.router)
router.add_router("/quarantine", quarantine.router)
router.add_router("", batches.router)
router.add_router("", datasets.router)
router.add_router("", restrictions.router)
router.add_router("", records.router)

__all__ = ["router"]
