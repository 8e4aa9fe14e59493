"""Bundles on disk: lines streamed into the archive, signed, and renamed into place whole."""

from settlement.bundles.camt_schema import InvalidCamt, check_camt
from settlement.bundles.part import BundleBusy, sync_folder
from settlement.bundles.writer import BundleWriter, IssuedBundle, PdfMaker

__all__ = [
    "BundleBusy",
    "BundleWriter",
    "InvalidCamt",
    "IssuedBundle",
    "PdfMaker",
    "check_camt",
    "sync_folder",
]
