"""The current candidate's ledger, copied to the place where people and programs look for it."""

from scripts.lib.files import read_json, write_json


def main(*, run_ledger: str, ledger: str) -> None:
    write_json(ledger, read_json(run_ledger))


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main)
