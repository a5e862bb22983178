"""Functions that the rules share; no rules. Paths come from the dataset dictionary, code inputs from the imports."""

import sys

sys.path.insert(0, workflow.basedir)  # `scripts` is a package of this project, also when Snakemake is started elsewhere

from scripts.workflow.check_config import check_config
from scripts.lib.pins import pins_path
from scripts.workflow.imports import code_of
from scripts.states.reopen_record import evidence_paths
from scripts.certification.retention import superseded, unfinished
from scripts.lib.rootpaths import dataset_path

CANDIDATES, AUTHORITIES = check_config(config)
RELEASE = {
    "tz_world_2025a": config["reference"]["tz_world"]["release"],
    "tzdb_release": config["reference"]["tzdb"]["release"],
    "country_zones": config["reference"]["tzdb"]["release"],
}


def at(dataset, **tokens):
    """Path of a dataset below `results/`; tokens that are not given stay wildcards."""
    return dataset_path(dataset, **tokens)


def shared(dataset):
    """Path of a reference dataset at the release that the config names."""
    kind = "tz_world" if dataset in ("tz_world_2025a", "lookup_index") else "tzdb"
    kind = "places" if dataset == "populated_places" else kind
    return at(dataset, release=config["reference"][kind]["release"])


def code(script):
    """The script and every project module that it imports, so that an edited helper reruns exactly its users."""
    return code_of(f"scripts/{script}.py")


def trace(folder, kind, name):
    """Path of a rule's lineage record, log or benchmark below the tree that the rule writes."""
    return f"{folder}/{kind}/manifest_fingerprint={{manifest_fingerprint}}/{name}"


def names_of_kind(kind):
    """A wildcard constraint: the authorities that are replicas, or imports."""
    return "|".join(sorted(name for name, entry in AUTHORITIES.items() if entry.kind == kind)) or "(?!)"


def authority_file(key):
    """An input function: a file that the authority names."""
    return lambda wildcards: getattr(AUTHORITIES[wildcards.authority], key)


def authority_root(wildcards):
    """The user's own run root of one seed."""
    return AUTHORITIES[wildcards.authority].roots[int(wildcards.seed)]


def pins(wildcards):
    """The pinned identity and digests of an upstream seed."""
    return pins_path(wildcards.authority, wildcards.seed)


def pins_of_run(wildcards):
    """The pinned identity and digests of the upstream seed that a run reads."""
    return pins_path(CANDIDATES[wildcards.run]["authority"], wildcards.seed)


def map_release(run):
    """Release of the merchant map that the run's upstream has, or none."""
    return next(iter(AUTHORITIES[CANDIDATES[run]["authority"]].merchant_map_releases), None)


def releases(wildcards):
    """Explicit version tags of the reference data and, where there is one, of the merchant map."""
    tags = dict(RELEASE)
    release = map_release(wildcards.run)
    return tags | ({"merchant_mcc_map": release} if release else {})


def upstream(dataset):
    """An input function: the dataset of the upstream that this run reads."""

    def path(wildcards):
        authority = CANDIDATES[wildcards.run]["authority"]
        return at(
            dataset, authority=authority, seed=wildcards.seed, manifest_fingerprint=wildcards.manifest_fingerprint
        )

    return path


def mcc_map(wildcards):
    """The merchant map, only where the upstream authority has one."""
    candidate = CANDIDATES[wildcards.run]
    release = map_release(wildcards.run)
    if not release:
        return []
    tokens = {"seed": wildcards.seed, "manifest_fingerprint": wildcards.manifest_fingerprint}
    return [at("merchant_mcc_map", authority=candidate["authority"], release=release, **tokens)]


def reopen_record(wildcards):
    """The reopen record that the candidate names, where there is one."""
    candidate = CANDIDATES[wildcards.run]
    path = Path(f"config/reopen/{candidate.get('reopen')}.yaml")
    return str(path) if path.is_file() and candidate["authority"] not in config["frozen_authorities"] else []


def reopen_evidence(wildcards):
    """The evidence of that record: a reopened run waits for the certificate that justifies it."""
    record = reopen_record(wildcards)
    return evidence_paths(record) if record else []


def ancestry(run):
    """The candidate files of a run, oldest ancestor first."""
    parent = CANDIDATES[run]["parent"]
    return [*(ancestry(parent) if parent else []), f"config/candidates/{run}.yaml"]


def of_seeds(dataset):
    """An input function: the dataset of every seed of the run, in required order."""
    return lambda wildcards: seed_paths(dataset, wildcards.run)


def seed_paths(dataset, run):
    """The dataset of every seed of a run, in required order."""
    authority = CANDIDATES[run]["authority"]
    pins = AUTHORITIES[authority].seeds
    return [
        at(
            dataset,
            run=run,
            authority=authority,
            seed=seed,
            manifest_fingerprint=pins[seed].manifest_fingerprint,
        )
        for seed in seeds_of(run)
    ]


def baselines_of(run):
    """What a run is compared with: its oldest ancestor (P0), then its parent."""
    older = [Path(path).stem for path in ancestry(run)][:-1]
    return list(dict.fromkeys([*older[:1], *older[-1:]]))


def p3_runs():
    """The candidates of lane P3, after the P0 baselines that they are measured against."""
    names = [name for name, entry in CANDIDATES.items() if entry["lane"] == "P3"]
    return list(dict.fromkeys([*(root for name in names for root in baselines_of(name)[:1]), *names]))


def of_runs(dataset, runs):
    """The dataset of every seed of several runs."""
    return [path for run in runs for path in seed_paths(dataset, run)]


def phase_runs(run):
    """The runs that a phase ledger reads: the baselines, what the run is compared with, and itself."""
    return list(dict.fromkeys([*config["baselines"], *baselines_of(run)[:1], run]))


def of_baselines(dataset):
    """An input function: the dataset of every seed of every run that this one is compared with."""
    return lambda wildcards: of_runs(dataset, baselines_of(wildcards.run))


def of_first_seed(dataset):
    """An input function: the dataset of the first seed of the run."""
    return lambda wildcards: of_seeds(dataset)(wildcards)[0]


def required_seeds(wildcards):
    """Seeds that the certificate asks for: those of the config, or the one of the published run."""
    candidate = CANDIDATES[wildcards.run]
    return candidate["seeds"] if candidate["lane"] == "P0" else config["seeds"]


def seeds_of(run):
    """Required seeds that the candidate's authority carries; a missing one fails certification, not the workflow."""
    candidate = CANDIDATES[run]
    return [seed for seed in candidate["seeds"] if seed in AUTHORITIES[candidate["authority"]].seeds]


def retained(run):
    """Runs whose data are kept: the baselines, what the run is compared with, itself, and the last good one, if any."""
    names = [*config["baselines"], *baselines_of(run), run, config["last_good"]]
    return list(dict.fromkeys(name for name in names if name))


def run_ids(run):
    """The pinned upstream run id of every seed of a run."""
    pins = AUTHORITIES[CANDIDATES[run]["authority"]].seeds
    return {str(seed): pins[seed].run_id for seed in seeds_of(run)}


def certificates(run):
    """What certification of one run leaves."""
    always = ("certification", "verdict", "report", "watchlist")
    facts = ["baseline_facts"] if CANDIDATES[run]["authority"] == "published" else []
    ledger = ["phase_ledger"] if run == config["candidate"] else []
    return [at(name, run=run) for name in (*always, *facts, *ledger)]


def archived_runs(wildcards):
    """What an archive holds: the baselines and the run itself."""
    return list(dict.fromkeys([*config["baselines"], wildcards.run]))


def archived_results(wildcards):
    """What an archive is made for: the certificates and pages of its runs, and the ledger where it is theirs."""
    ledger = [at("ledger")] if wildcards.run == config["candidate"] else []
    return [path for run in archived_runs(wildcards) for path in certificates(run)] + ledger


def project_files():
    """The project that an archive carries, so that it can be verified and run again where it is unpacked."""
    kept = "Snakefile README.md Makefile pyproject.toml rules scripts config envs profiles docs".split()
    files = [path for name in kept for path in (Path(name), *Path(name).rglob("*")) if path.is_file()]
    return sorted(path.as_posix() for path in files if "__pycache__" not in path.parts)


def say_result(targets):
    """The last lines on the console: the verdict, or where that lies which was asked for."""
    run = config["candidate"]
    verdict = Path(at("verdict", run=run))
    made = {"archive": at("archive", run=run), "candidates": at("candidate_table")}
    for target in targets or ["certify"]:
        if target == "certify" and verdict.exists():  # not after `--until`
            print(f"\n{verdict.read_text()}", end="", file=sys.stderr)
        elif target in made:
            print(f"\n{target}: {made[target]}", file=sys.stderr)
