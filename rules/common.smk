"""Functions that the rules share; no rules. Paths come from the dataset dictionary, code inputs from the imports."""

import sys

sys.path.insert(0, workflow.basedir)  # `scripts` is a package of this project, also when Snakemake is started elsewhere

from scripts.check_config import check_config
from scripts.lib.contracts import dictionary, load_yaml
from scripts.lib.imports import code_of
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
    return "|".join(sorted(name for name, entry in AUTHORITIES.items() if entry["kind"] == kind)) or "(?!)"


def authority_file(key):
    """An input function: a file that the authority names."""
    return lambda wildcards: AUTHORITIES[wildcards.authority][key]


def authority_root(wildcards):
    """The user's own run root of one seed."""
    entry = AUTHORITIES[wildcards.authority]
    return str(Path(entry["root"]) / entry["seeds"][int(wildcards.seed)]["path"])


def pin(key):
    """A params function: one pinned value of an upstream seed."""
    return lambda wildcards: AUTHORITIES[wildcards.authority]["seeds"][int(wildcards.seed)][key]


def pins_of_run(wildcards):
    """The pinned identity and digests of the upstream seed that a run reads."""
    return AUTHORITIES[CANDIDATES[wildcards.run]["authority"]]["seeds"][int(wildcards.seed)]


def releases(wildcards):
    """Explicit version tags of the reference data and, where there is one, of the merchant map."""
    tags = dict(RELEASE)
    release = AUTHORITIES[CANDIDATES[wildcards.run]["authority"]].get("merchant_mcc_map")
    return tags | ({"merchant_mcc_map": release} if release else {})


def upstream(dataset):
    """An input function: the dataset of the upstream that this run reads."""

    def path(wildcards):
        authority = CANDIDATES[wildcards.run]["authority"]
        return at(dataset, authority=authority, seed=wildcards.seed, manifest_fingerprint=wildcards.manifest_fingerprint)

    return path


def mcc_map(wildcards):
    """The merchant map, only where the upstream authority has one."""
    candidate = CANDIDATES[wildcards.run]
    release = AUTHORITIES[candidate["authority"]].get("merchant_mcc_map")
    if not release:
        return []
    tokens = {"seed": wildcards.seed, "manifest_fingerprint": wildcards.manifest_fingerprint}
    return at("merchant_mcc_map", authority=candidate["authority"], release=release, **tokens)


def ancestry(run):
    """The candidate files of a run, oldest ancestor first."""
    parent = CANDIDATES[run]["parent"]
    return [*(ancestry(parent) if parent else []), f"config/candidates/{run}.yaml"]


def of_seeds(dataset):
    """An input function: the dataset of every seed of the run, in required order."""

    def paths(wildcards):
        candidate = CANDIDATES[wildcards.run]
        return [
            at(
                dataset,
                run=wildcards.run,
                authority=candidate["authority"],
                seed=seed,
                manifest_fingerprint=AUTHORITIES[candidate["authority"]]["seeds"][seed]["manifest_fingerprint"],
            )
            for seed in seeds_of(wildcards.run)
        ]

    return paths


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
    return [seed for seed in candidate["seeds"] if seed in AUTHORITIES[candidate["authority"]]["seeds"]]


def certificates(run):
    """What certification of one run leaves."""
    facts = [at("baseline_facts", run=run)] if CANDIDATES[run]["authority"] == "published" else []
    return [at("certification", run=run), at("verdict", run=run), *facts]


def print_verdict(run):
    """The last three lines on the console."""
    path = Path(at("verdict", run=run))
    if path.exists():
        print("\n" + path.read_text(), end="", file=sys.stderr)
