"""What the rules ask: the paths and runs that follow from configuration, candidates and authorities.

A method that takes `wildcards` is an input or params function of a rule; the others answer for a run by name.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from scripts.certification.prune import superseded
from scripts.lib.approvals import APPROVERS
from scripts.lib.contracts import dataset_path, dictionary, root_path
from scripts.lib.pins import SeedPins, pins_path
from scripts.states.s0_reopen import evidence_paths
from scripts.upstream.authority import Authority
from scripts.workflow.runs import Runs, Wildcards, unique

ALWAYS = ("certification", "verdict", "report", "watchlist")  # what certification of any run leaves
RETURNED = ("sites_with_zones", "sites_with_zones_csv")  # and where the sites came as a table
HANDED = (
    *("s0_gate_receipt_2A", "sealed_inputs_2A", "s0_determinism_receipt", "s1_tz_lookup", "site_timezones"),
    *("tz_timetable_cache", "tz_timetable_payload", "s4_legality_report"),
)
FOUNDATIONS = ("run_receipt_1B", "s0_gate_receipt_2A", "sealed_inputs_2A", "s0_run_report")
CARRIED = ["Snakefile", "README.md", "Makefile", "pyproject.toml", "rules", "scripts", "config"]
CARRIED += ["envs", "profiles", "docs", "LICENSE", "NOTICE", "CITATION.cff"]
DRY = {"-n", "--dry-run", "--dryrun"}
OTHER = {"prune", "gate", "verify", "archive", "handover"}  # targets that start no run

PathsOf = Callable[[Wildcards], list[str]]


@dataclass(frozen=True)
class Project(Runs):
    """All that the rules ask: paths and parameters, and by `Runs` which runs stand beside a run."""

    # Outside data

    def release(self, dataset: str) -> str:
        """Release of a reference dataset: the one that the config names for its source."""
        found: str = self.config["reference"][dictionary()[dataset]["source"]]["release"]
        return found

    def shared(self, dataset: str) -> str:
        """Path of a reference dataset at its release."""
        return dataset_path(dataset, release=self.release(dataset))

    def releases(self, wildcards: Wildcards) -> dict[str, str]:
        """Explicit version tags of what S0 seals: the reference data and, where there is one, the merchant map."""
        sealed = [name for name, entry in dictionary().items() if entry.get("source") and entry.get("kind")]
        tags = {name: self.release(name) for name in sealed}
        for release in self.authority(wildcards.run).merchant_map_releases:  # one, or none
            tags["merchant_mcc_map"] = release
        return tags

    # Upstream

    def authority_name(self, wildcards: Wildcards) -> str:
        """Name of the upstream that the run reads."""
        return self.candidates[wildcards.run].authority

    def reopens(self, wildcards: Wildcards) -> str:
        """The upstream that the run reads, if it is not frozen and needs a reopen record; else empty."""
        name = self.authority_name(wildcards)
        free = name in self.config["frozen_authorities"] or self.authorities[name].kind == "table"
        return "" if free else name

    def names_of_kind(self, kind: str) -> str:
        """A wildcard constraint: the authorities that are replicas, or imports."""
        return "|".join(sorted(name for name, found in self.authorities.items() if found.kind == kind)) or "(?!)"

    def facts(self, wildcards: Wildcards) -> str:
        """What a replica is built from."""
        return self.authorities[wildcards.authority].facts

    def imports(self) -> list[tuple[Authority, SeedPins]]:
        """Every seed of the upstreams that are users' own run roots, or were made of their tables."""
        own = [authority for authority in self.authorities.values() if authority.kind != "replica"]
        return [(authority, pins) for authority in own for pins in authority.seeds.values()]

    def imported_parts(self, authority: Authority, seed: int) -> dict[str, list[str]]:
        """Outputs of an import by dataset, with wildcards in their root: Snakemake wants all of a rule alike."""
        root = root_path("upstream")
        return {name: [f"{root}/{path}" for path in paths] for name, paths in authority.parts(seed).items()}

    def pins(self, wildcards: Wildcards) -> str:
        """The pins of an upstream seed."""
        return pins_path(wildcards.authority, wildcards.seed)

    def pins_of_run(self, wildcards: Wildcards) -> str:
        """The pins of the upstream seed that a run reads."""
        return pins_path(self.authority_name(wildcards), wildcards.seed)

    def pinned(self, dataset: str) -> PathsOf:
        """An input function: every pinned file, in order, of a dataset of the upstream that a run reads.

        It is `site_locations`, or one that an upstream may lack: `merchant_mcc_map`, `own_rows`.
        """

        def paths(wildcards: Wildcards) -> list[str]:
            root = root_path("upstream", **self._place(wildcards))
            parts = self.authority(wildcards.run).parts(int(wildcards.seed))
            return [f"{root}/{name}" for name in parts.get(dataset, [])]

        return paths

    def _place(self, wildcards: Wildcards) -> dict[str, str]:
        fingerprint = getattr(wildcards, "manifest_fingerprint", None)  # a path that people type has none
        fingerprint = fingerprint or self.seeds(wildcards.run)[int(wildcards.seed)].manifest_fingerprint
        place = {"seed": wildcards.seed, "manifest_fingerprint": fingerprint}
        return {"authority": self.authority_name(wildcards), **place}

    def reopen_record(self, wildcards: Wildcards) -> list[str]:
        """The reopen record that the candidate names, where there is one and it is needed."""
        path = f"config/reopen/{self.candidates[wildcards.run].reopen}.yaml"
        return [path] if Path(path).is_file() and self.reopens(wildcards) else []

    def reopen_evidence(self, wildcards: Wildcards) -> list[str]:
        """The evidence of that record: a reopened run waits for the certificate that justifies it."""
        return [path for record in self.reopen_record(wildcards) for path in evidence_paths(record)]

    def approvers(self, wildcards: Wildcards) -> list[str]:
        """The list of those who may approve, where a record of the run rests on it."""
        return [APPROVERS] if self.reopen_record(wildcards) else []

    # Seeds of a run

    def not_certifiable(self, wildcards: Wildcards) -> str | None:
        """Why the run can never pass, where its candidate says so."""
        return self.candidates[wildcards.run].not_certifiable

    def seed_paths(self, dataset: str, run: str) -> list[str]:
        """The dataset of every seed of a run, in required order."""
        place = {"run": run, "authority": self.candidates[run].authority}
        return [
            dataset_path(dataset, **place, seed=seed, manifest_fingerprint=pins.manifest_fingerprint)
            for seed, pins in self.seeds(run).items()
        ]

    def of_runs(self, dataset: str, runs: Iterable[str]) -> list[str]:
        """The dataset of every seed of several runs."""
        return [path for run in runs for path in self.seed_paths(dataset, run)]

    def of_seed(self, dataset: str) -> Callable[[Wildcards], str]:
        """An input function: the dataset of one seed of the run, or of the upstream that the run reads."""
        return lambda wildcards: dataset_path(dataset, run=wildcards.run, **self._place(wildcards))

    def reports_of_seed(self, wildcards: Wildcards) -> list[str]:
        """The run reports of one seed, S0 to S5."""
        return [self.of_seed(f"s{number}_run_report")(wildcards) for number in range(6)]

    def of_seeds(self, *datasets: str) -> PathsOf:
        """An input function: these datasets of every seed of the run, in required order."""
        return lambda wildcards: [path for name in datasets for path in self.seed_paths(name, wildcards.run)]

    def of_p0(self, dataset: str) -> PathsOf:
        """An input function: the dataset of every seed of the run's P0 baseline; none for a baseline."""
        return lambda wildcards: self.of_runs(dataset, self.baselines_of(wildcards.run)[:1])

    def of_first_seed(self, dataset: str) -> Callable[[Wildcards], str]:
        """An input function: the dataset of the first seed of the run."""
        return lambda wildcards: self.seed_paths(dataset, wildcards.run)[0]

    def of_baselines(self, dataset: str) -> PathsOf:
        """An input function: the dataset of every seed of every run that this one is compared with."""
        return lambda wildcards: self.of_runs(dataset, self.baselines_of(wildcards.run))

    def of_phase_runs(self, dataset: str) -> PathsOf:
        """An input function: the dataset of every seed of every run that a phase ledger reads."""
        return lambda wildcards: self.of_runs(dataset, self.phase_runs(wildcards.run))

    def a_name_a_seed(self, runs: Iterable[str]) -> list[str]:
        """Each run once for each of its seeds: the names beside `of_runs`."""
        return [run for run in runs for _ in self.seeds(run)]

    def upstream_data(self, wildcards: Wildcards) -> list[str]:
        """What of the upstream seed is handed on with its receipt: its sites, its bundle, its merchant map."""
        data = [path for name in ("site_locations", "merchant_mcc_map") for path in self.pinned(name)(wildcards)]
        bundle = ("validation_bundle_index_1B", "validation_passed_flag_1B")
        return [*data, *(self.of_seed(name)(wildcards) for name in bundle)]

    def contract_tree(self, wildcards: Wildcards) -> list[str]:
        """The datasets of 2A of one seed, S0 to S4; the bundle of S5 has no fixed list of files."""
        return [self.of_seed(name)(wildcards) for name in HANDED]

    def handovers(self, run: str) -> list[str]:
        """The record of every seed's hand-over."""
        return [dataset_path("handover", run=run, seed=seed) for seed in self.seeds(run)]

    # Targets

    def certificates(self, run: str) -> list[str]:
        """What certification of one run leaves."""
        facts = ["baseline_facts"] if self.candidates[run].authority == "published" else []
        ledger = ["phase_ledger"] if run == self.config["candidate"] else []
        own = [name for name in RETURNED if self.authority(run).kind == "table"]
        return [
            *(dataset_path(name, run=run) for name in (*ALWAYS, *facts, *ledger)),
            *(path for name in own for path in self.seed_paths(name, run)),
        ]

    def foundations(self, runs: Iterable[str]) -> list[str]:
        """What S0 sealed and its receipt: a verdict without them is made anew, or refused, and never only repeated."""
        return [path for run in runs for name in FOUNDATIONS for path in self.seed_paths(name, run)]

    def archived_runs(self, wildcards: Wildcards) -> list[str]:
        """What an archive holds: the baselines and the run itself."""
        return unique([*self.config["baselines"], wildcards.run])

    def archived_results(self, wildcards: Wildcards) -> list[str]:
        """What an archive is made for: certificates and pages of its runs, ledger and index where they are theirs."""
        over_runs = ["ledger", "index"] if wildcards.run == self.config["candidate"] else []
        of_runs = [path for run in self.archived_runs(wildcards) for path in self.certificates(run)]
        return [*of_runs, *map(dataset_path, over_runs)]

    def asked_before(self, arguments: list[str], runs: Path = Path("results/runs")) -> list[str]:
        """What a person is asked before a run starts: to prune what is superseded, and to keep the order of phases.

        None for a run that is there, or where nothing is asked. `arguments` are those of the command line.
        """
        run = str(self.config["candidate"])
        if OTHER & {*arguments} or all(Path(path).is_file() for path in self.foundations([run])):
            return []
        lines = []
        if left := superseded(runs, self.retained(run)):
            lines.append(f"{run} is a new run, and superseded data lie here: {', '.join(left)}")
            lines.append("  next:  `snakemake prune` deletes them and keeps every report (certification.md §12).")
        if self.opens_late(run) and DRY & {*arguments}:
            name = self.candidates[run].phase_approval
            named = f", or config/phases/{name}.yaml names those that are open" if name else "; it names no approval"
            lines.append(
                f"{run} is of lane P4 and starts when P0 to P3 hold{named}: check_progression decides before S0"
            )
        return lines


def carried_files() -> list[str]:
    """The project that an archive carries, so that it can be verified and run again where it is unpacked."""
    files = [path for name in CARRIED for path in (Path(name), *Path(name).rglob("*")) if path.is_file()]
    return sorted(path.as_posix() for path in files if "__pycache__" not in path.parts)
