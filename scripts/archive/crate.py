"""The archive as an RO-Crate of the Workflow Run profiles: workflow, steps, tools, inputs, outputs, digests.

Everything comes from the lineage records. No clock: the crate is dated by the receipts. Each job of the run is one
`CreateAction`, steered by a `ControlAction` of its step; the run as a whole is one `CreateAction` of the workflow.
"""

from pathlib import PurePosixPath
from typing import Any

from rocrate.model.contextentity import ContextEntity
from rocrate.rocrate import ROCrate

PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/provenance/0.5": ("Provenance Run Crate", "0.5"),
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": ("Workflow RO-Crate", "1.0"),
}
CONTEXT = "https://w3id.org/ro/terms/workflow-run/context"
WORKFLOW = "Snakefile"
LICENCES = "config/contracts/artefact_registry.yaml"
FORMATS = {
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".parquet": "application/vnd.apache.parquet",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
    ".csv": "text/csv",
    ".md": "text/markdown",
    ".html": "text/html",
    ".svg": "image/svg+xml",
    ".gz": "application/gzip",
    ".py": "text/x-python",
    ".smk": "text/x-python",
    "": "text/plain",
    ".txt": "text/plain",
}
Member = dict[str, Any]  # {path, sha256, bytes}


def crate_json(
    run: str,
    records: dict[str, dict[str, Any]],
    files: list[Member],
    absent: list[Member],
    dated: str,
    results: list[str],
) -> dict[str, Any]:
    """The content of `ro-crate-metadata.json`.

    `records` are the lineage records by path, `files` what the archive holds, `absent` what it knows by digest only,
    `dated` an ISO time, `results` the paths that the run was made for.
    """
    crate = ROCrate(version="1.1")
    crate.metadata.extra_contexts.append(CONTEXT)
    root = crate.root_dataset
    entities = {entry["path"]: _file(crate, entry) for entry in files if entry["path"] != WORKFLOW}
    entities |= {entry["path"]: _absent(crate, entry) for entry in absent}
    workflow = _workflow(crate, next(entry for entry in files if entry["path"] == WORKFLOW))
    root["name"] = f"Segment 2A certification of {run}"
    root["description"] = (
        f"Result tree of the run {run}: time zones of every merchant site by states S0 to S5, scored and certified, "
        "with lineage, configuration, policies, pins and software lock."
    )
    root["datePublished"] = dated
    root["license"] = entities[LICENCES]
    for uri, (name, version) in PROFILES.items():
        profile = _thing(crate, uri, "CreativeWork", name=name, version=version)
        root.append_to("conformsTo", profile)
    actions, controls = _steps(crate, workflow, records, entities)
    made = {entry["path"] for record in records.values() for entry in _paths(record, "outputs", "extra_outputs")}
    read = {entry["path"] for record in records.values() for entry in _paths(record, "inputs")} - made
    whole = _thing(
        crate,
        "#run",
        "CreateAction",
        name=f"Run {run}",
        description=f"snakemake certify, candidate {run}",
        instrument=workflow,
        object=[entities[path] for path in sorted(read) if path in entities],
        result=[entities[path] for path in results],
    )
    engine = _thing(
        crate,
        "https://snakemake.github.io",
        "SoftwareApplication",
        name="Snakemake",
        url="https://snakemake.github.io",
        softwareVersion=next(iter(records.values()))["software"]["snakemake"],
    )
    _thing(
        crate,
        "#engine",
        "OrganizeAction",
        name="Execution of the workflow engine",
        instrument=engine,
        object=controls,
        result=whole,
    )
    root["mentions"] = [whole, *actions]
    return crate.metadata.generate()


def _thing(crate: ROCrate, identifier: str, kind: str, **properties: Any) -> ContextEntity:
    entity = crate.add(ContextEntity(crate, identifier, properties={"@type": kind}))
    for name, value in properties.items():
        if value != []:
            entity[name] = value
    return entity


def _describe(entry: Member) -> dict[str, Any]:
    path = PurePosixPath(entry["path"])
    return {
        "name": path.name,
        "contentSize": str(entry["bytes"]),
        "sha256": entry["sha256"],
        "encodingFormat": FORMATS.get(path.suffix, "application/octet-stream"),
    }


def _file(crate: ROCrate, entry: Member) -> Any:
    kinds = ["File", "SoftwareSourceCode"] if entry["path"].endswith((".py", ".smk")) else "File"
    return crate.add_file(dest_path=entry["path"], properties={"@type": kinds, **_describe(entry)})


def _absent(crate: ROCrate, entry: Member) -> Any:
    """A file that the archive names by digest only is no part of the payload."""
    about = {"description": f"Left out of the archive; its place is {entry['path']}.", **_describe(entry)}
    return _thing(crate, f"#absent/{entry['path']}", "CreativeWork", **about)


def _workflow(crate: ROCrate, entry: Member) -> Any:
    about = {
        **_describe(entry),
        "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"],
        "name": "Segment 2A certification",
    }
    workflow = crate.add_workflow(dest_path=WORKFLOW, main=True, lang="snakemake", properties=about)
    return workflow


def _steps(
    crate: ROCrate, workflow: Any, records: dict[str, dict[str, Any]], entities: dict[str, Any]
) -> tuple[list[Any], list[Any]]:
    """One step a rule; one CreateAction and one ControlAction a job."""
    steps: dict[str, Any] = {}
    actions, controls = [], []
    for path, record in records.items():
        rule, tool = record["rule"], entities[_tool(record)]
        if rule not in steps:
            place = str(len(steps))
            steps[rule] = _thing(crate, f"{WORKFLOW}#{rule}", "HowToStep", name=rule, position=place, workExample=tool)
        where = ", ".join(f"{key}={value}" for key, value in record["wildcards"].items())
        action = _thing(
            crate,
            f"#job/{path}",
            "CreateAction",
            name=f"{rule} {where}",
            description=f"Job of rule {rule}; lineage record {path}",
            instrument=tool,
            object=[entities[entry["path"]] for entry in _paths(record, "inputs") if entry["path"] in entities],
            result=[entities[entry["path"]] for entry in _paths(record, "outputs", "extra_outputs")],
        )
        actions.append(action)
        name = f"Orchestration of {rule} {where}"
        controls.append(
            _thing(crate, f"#control/{path}", "ControlAction", name=name, instrument=steps[rule], object=action)
        )
    workflow["step"] = list(steps.values())
    workflow["hasPart"] = list(dict.fromkeys(step["workExample"] for step in steps.values()))
    return actions, controls


def _tool(record: dict[str, Any]) -> str:
    """The script of a rule, which shares its name."""
    return next(entry["path"] for entry in record["code"] if PurePosixPath(entry["path"]).stem == record["rule"])


def _paths(record: dict[str, Any], *kinds: str) -> list[Member]:
    found: dict[str, Member] = {}
    for kind in kinds:
        groups = [record[kind]] if isinstance(record[kind], list) else record[kind].values()
        found |= {entry["path"]: entry for group in groups for entry in group}
    return list(found.values())
