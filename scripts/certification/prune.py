"""Delete the data of superseded failed candidates, keep their reports, write a receipt (certification.md §12)."""

import shutil
from pathlib import Path

from scripts.certification.retention import data_folders, receipt_of, superseded
from scripts.lib.files import read_json, write_json
from scripts.lib.job import current_job
from scripts.lib.records import plain

RECEIPT = Path("results/prune_receipt.json")


def prune(runs: Path, keep: list[str], receipt: Path) -> list[str]:
    """Prune every superseded failed run below `runs`; earlier entries of the receipt stay. Returns the pruned names."""
    pruned = superseded(runs, keep)
    entries = read_json(receipt) if receipt.exists() else {}
    for name in pruned:
        entries[name] = plain(receipt_of(runs / name))
        write_json(receipt, entries)  # before the data go, so that a killed prune leaves no gap in the record
        for folder in data_folders(runs / name):
            shutil.rmtree(folder)
    return pruned


if __name__ == "__main__":
    names = prune(Path("results/runs"), list(current_job().params.keep), RECEIPT)
    print(f"prune: {', '.join(names) if names else 'nothing to delete'}; receipt: {RECEIPT}")
