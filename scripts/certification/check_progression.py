"""Let a run of a later lane start, or say which statements before it are open (certification.md §10).

A run on a reopened upstream waits for this before S0; a bounded candidate, which costs little, before its certificate.
"""

from scripts.certification.comparison import Comparison
from scripts.certification.finding import Finding
from scripts.certification.phase_ledger import Judged
from scripts.certification.progression import Progression, approval_problems, open_before, read_approval
from scripts.certification.trials import P3, Trials, trials_of
from scripts.lib.approvals import read_approvers
from scripts.lib.candidate import candidate_path
from scripts.lib.errors import UsageError
from scripts.lib.files import read_json, sha256_file, write_json
from scripts.lib.records import plain, record
from scripts.scoring.seed_metrics import read_seeds


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
    judged = [record(Judged, entry) for entry in read_json(phase_ledger)["statements"]]
    at_p0 = {entry.id: Finding(entry.holds, entry.why) for entry in judged if entry.phase < "P3"}
    trials = of_p3(p0, p3_runs, p3_comparisons, baseline_metrics)
    still_open = open_before(lane, at_p0 | {number: check(trials) for number, check in P3.items()})
    found, problems = None, ["no record names them"]
    if approval:
        found, problems = read_approval(approval[0])
        problems += approval_problems(found, run, [*still_open], read_approvers(approvers), latest) if found else []
    if still_open and problems:
        raise refusal(run, lane, still_open, problems)
    write_json(progression, plain(Progression(run, lane, p0, still_open, found if still_open else None)))


def of_p3(p0: str, runs: list[str], comparisons: list[str], baseline_metrics: list[str]) -> Trials:
    """The trials of the baseline from the files of both."""
    digests = dict(zip(read_seeds(baseline_metrics), map(sha256_file, baseline_metrics), strict=True))
    return trials_of(p0, runs, [record(Comparison, read_json(path)) for path in comparisons], digests)


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
