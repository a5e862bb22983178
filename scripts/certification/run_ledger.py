"""The ledger of runs: baselines, current candidate, last-good, what is retained, whether storage is clean."""

from scripts.certification.certificate import Certificate
from scripts.certification.ledger import Entry, Ledger, Protocol
from scripts.lib.files import read_json, write_json
from scripts.lib.records import plain, record


def main(
    *,
    certifications: list[str],
    ledger: str,
    candidate: str,
    baselines: list[str],
    compared_with: list[str],
    last_good: str | None,
    required_seeds: list[int],
    superseded: list[str],
    unfinished: list[str],
) -> None:
    certified = [(record(Certificate, read_json(path)), path) for path in certifications]
    found = {certificate.run: (certificate, path) for certificate, path in certified}

    def entries(*names: str | None) -> dict[str, Entry]:
        return {name: Entry.of(*found[name]) for name in names if name}

    good = next((name for name in (candidate, last_good) if name and found[name][0].passes), None)
    kept = entries(*baselines, *compared_with, candidate, last_good)
    made = Ledger(
        protocol=Protocol(required_seeds),
        baselines=entries(*baselines),
        candidate=entries(candidate),
        last_good=entries(good) or None,
        retained={name: entry.run_ids for name, entry in kept.items()},
        superseded_with_data=superseded,
        unfinished=unfinished,
    )
    write_json(ledger, plain(made))


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main)
