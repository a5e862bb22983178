"""Let a run of a later lane start, or say which statements before it are open (certification.md §10).

The plan lets no phase start with an open statement in one before it; a record that names the open statements does. A
run on a reopened upstream waits for this before S0; a bounded candidate, which costs little, before its certificate.
"""

from collections.abc import Mapping

from scripts.certification.comparison import Comparison
from scripts.certification.trials import P3, Finding, trials_of
from scripts.lib.approvals import Approval, Approvers, check_approval, read_approvers
from scripts.lib.candidate import candidate_path
from scripts.lib.contracts import load_yaml, read_document
from scripts.lib.errors import UsageError
from scripts.lib.files import read_json, sha256_file, write_json
from scripts.lib.records import record
from scripts.scoring.seed_metrics import read_seeds

SCHEMA = "schemas.config.yaml#/phase_approval"


def main(
    *,
    phase_ledger: str,
    baseline_metrics: list[str],
    p3_comparisons: list[str],
    approval: list[str],
    approvers: str,
    progression: str,
    run: str,
    lane: str,
    p0: str,
    p3_runs: list[str],
    latest: str,
) -> None:
    digests = dict(zip(read_seeds(baseline_metrics), map(sha256_file, baseline_metrics), strict=True))
    trials = trials_of(p0, p3_runs, [record(Comparison, read_json(path)) for path in p3_comparisons], digests)
    at_p0 = {entry["id"]: Finding(entry["holds"], entry["why"]) for entry in read_json(phase_ledger)["statements"]}
    # P3 is judged over the candidates, of which the ledger of P0 knows nothing.
    still_open = open_before(lane, at_p0 | {number: check(trials) for number, check in P3.items()})
    found = {"run": run, "lane": lane, "p0": p0, "open": still_open, "approval": None}
    if still_open:
        problems = ["no record names them"]
        if approval:
            problems = record_problems(approval[0], run, [*still_open], read_approvers(approvers), latest)
        if problems:
            raise refusal(run, lane, still_open, problems)
        found["approval"] = load_yaml(approval[0])
    write_json(progression, found)


def open_before(lane: str, found: Mapping[str, Finding]) -> dict[str, str]:
    """Why each statement of a phase before `lane` is open, of those that were judged."""
    return {
        number: finding.why
        for number, finding in sorted(found.items())
        if number.split(".")[0] < lane and not finding.holds
    }


def record_problems(path: str, run: str, numbers: list[str], approvers: Approvers, latest: str) -> list[str]:
    """Why the record at `path` does not let the run start with the statements `numbers` open, on the day `latest`."""
    found, errors = read_document(path, SCHEMA)
    if errors:
        return [f"incomplete: {'; '.join(errors[:3])}"]
    stated = found["approval"]
    asked = Approval("phase", stated["approver"], found["requested_by"], stated["date"])
    problems = check_approval(asked, approvers, latest)
    problems += [] if found["candidate"] == run else [f"it lets `{found['candidate']}` start"]
    problems += [] if stated["decision"] == "approved" else [f"it was `{stated['decision']}`"]
    unnamed = ", ".join(number for number in numbers if number not in found["statements"])
    return problems + ([f"it does not name {unnamed}"] if unnamed else [])


def refusal(run: str, lane: str, still_open: dict[str, str], problems: list[str]) -> UsageError:
    """What is open, and what would let the run start."""
    told = "; ".join(f"{number} ({why})" for number, why in still_open.items())
    return UsageError(
        f"{run}: lane {lane} may not start, statements before it are open: {told}",
        where=f"{candidate_path(run)}: phase_approval: {'; '.join(problems)}",
        action=f"Make them hold; or record who approved it: config/phases/NAME.yaml with {', '.join(still_open)},"
        " named by `phase_approval: NAME`.",
    )


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main)
