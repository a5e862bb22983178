"""The archive as an RO-Crate of the Workflow Run profiles: workflow, steps, tools, inputs, outputs, digests.

Everything comes from the lineage records. No clock: the crate is dated by the receipts. Each job of the run is one
`CreateAction`, steered by a `ControlAction` of its step; the run as a whole is one `CreateAction` of the workflow.
"""

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from rocrate.model.contextentity import ContextEntity
from rocrate.rocrate import ROCrate

from scripts.lib.lineage import Files, HashedFile, Lineage
from scripts.lib.version import project_version

PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/provenance/0.5": ("Provenance Run Crate", "0.5"),
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": ("Workflow RO-Crate", "1.0"),
}
CONTEXT = "https://w3id.org/ro/terms/workflow-run/context"
WORKFLOW = "Snakefile"
LICENCE, CREDITS, LICENCES = "LICENSE", "NOTICE", "config/contracts/artefact_registry.yaml"
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
Entities = dict[str, Any]  # path -> entity of the crate, for which there are no types


@dataclass(frozen=True)
class Contents:
    """What is packed: `absent` are files known by digest only, `results` the paths that the run was made for."""

    run: str
    records: dict[str, Lineage]
    files: list[HashedFile]
    absent: list[HashedFile]
    results: list[str]
    credits: str  # what the terms of the data ask to be said, NOTICE


def crate_json(contents: Contents, dated: str) -> dict[str, Any]:
    """The content of `ro-crate-metadata.json`; `dated` is an ISO time."""
    crate = ROCrate(version="1.1")
    crate.metadata.extra_contexts.append(CONTEXT)
    entities = {file.path: _file(crate, file) for file in contents.files if file.path != WORKFLOW}
    entities |= {file.path: _absent(crate, file) for file in contents.absent}
    workflow = _workflow(crate, next(file for file in contents.files if file.path == WORKFLOW))
    root, run = crate.root_dataset, contents.run
    root["name"] = f"Segment 2A certification of {run}"
    root["description"] = (
        f"Result tree of the run {run}: time zones of every merchant site by states S0 to S5, scored and certified, "
        "with lineage, configuration, policies, pins and software lock."
    )
    root["datePublished"] = dated
    root["license"] = [entities[name] for name in (LICENCE, CREDITS, LICENCES)]
    root["creditText"] = contents.credits
    for uri, (name, version) in PROFILES.items():
        root.append_to("conformsTo", _thing(crate, uri, "CreativeWork", name=name, version=version))
    actions, controls = _steps(crate, workflow, contents.records, entities)
    whole = _whole(crate, workflow, contents, entities)
    engine = _thing(
        crate,
        "https://snakemake.github.io",
        "SoftwareApplication",
        name="Snakemake",
        url="https://snakemake.github.io",
        softwareVersion=next(iter(contents.records.values())).software["snakemake"],
    )
    about = {"name": "Execution of the workflow engine", "instrument": engine, "object": controls, "result": whole}
    _thing(crate, "#engine", "OrganizeAction", **about)
    root["mentions"] = [whole, *actions]
    found: dict[str, Any] = crate.metadata.generate()
    return found


def _whole(crate: ROCrate, workflow: Any, contents: Contents, entities: Entities) -> ContextEntity:
    """The run as one action: from what no job of it made to what it was made for."""
    made = {file.path for record in contents.records.values() for file in record.made}
    read = {file.path for record in contents.records.values() for file in record.read} - made
    return _thing(
        crate,
        "#run",
        "CreateAction",
        name=f"Run {contents.run}",
        description=f"snakemake certify, candidate {contents.run}",
        instrument=workflow,
        object=[entities[path] for path in sorted(read) if path in entities],
        result=[entities[path] for path in contents.results],
    )


def _thing(crate: ROCrate, identifier: str, kind: str, **properties: Any) -> ContextEntity:
    entity = crate.add(ContextEntity(crate, identifier, properties={"@type": kind}))
    for name, value in properties.items():
        if value != []:
            entity[name] = value
    return entity


def _describe(file: HashedFile) -> dict[str, Any]:
    path = PurePosixPath(file.path)
    return {
        "name": path.name,
        "contentSize": str(file.bytes),
        "sha256": file.sha256,
        "encodingFormat": FORMATS.get(path.suffix, "application/octet-stream"),
    }


def _file(crate: ROCrate, file: HashedFile) -> Any:
    kinds = ["File", "SoftwareSourceCode"] if file.path.endswith((".py", ".smk")) else "File"
    return crate.add_file(dest_path=file.path, properties={"@type": kinds, **_describe(file)})


def _absent(crate: ROCrate, file: HashedFile) -> ContextEntity:
    """A file that the archive names by digest only is no part of the payload."""
    about = {"description": f"Left out of the archive; its place is {file.path}.", **_describe(file)}
    return _thing(crate, f"#absent/{file.path}", "CreativeWork", **about)


def _workflow(crate: ROCrate, file: HashedFile) -> Any:
    about = {
        **_describe(file),
        "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"],
        "name": "Segment 2A certification",
        "version": project_version(),
    }
    return crate.add_workflow(dest_path=WORKFLOW, main=True, lang="snakemake", properties=about)


def _steps(
    crate: ROCrate, workflow: Any, records: dict[str, Lineage], entities: Entities
) -> tuple[list[ContextEntity], list[ContextEntity]]:
    """One step a rule; one CreateAction and one ControlAction a job."""
    steps: Entities = {}
    actions, controls = [], []
    for path, record in records.items():
        rule, tool = record.rule, entities[_script(record)]
        if rule not in steps:
            place = str(len(steps))
            steps[rule] = _thing(crate, f"{WORKFLOW}#{rule}", "HowToStep", name=rule, position=place, workExample=tool)
        where = ", ".join(f"{key}={value}" for key, value in record.wildcards.items())
        action = _thing(
            crate,
            f"#job/{path}",
            "CreateAction",
            name=f"{rule} {where}",
            description=f"Job of rule {rule}; lineage record {path}",
            instrument=tool,
            object=[entities[path] for path in _paths(record.read) if path in entities],
            result=[entities[path] for path in _paths(record.made)],
        )
        actions.append(action)
        name = f"Orchestration of {rule} {where}"
        controls.append(
            _thing(crate, f"#control/{path}", "ControlAction", name=name, instrument=steps[rule], object=action)
        )
    workflow["step"] = list(steps.values())
    workflow["hasPart"] = list(dict.fromkeys(step["workExample"] for step in steps.values()))
    return actions, controls


def _script(record: Lineage) -> str:
    """The script of a rule: it shares its name, or the beginning of it, and lies on the shelf of its chapter."""
    scripts = [PurePosixPath(file.path) for file in record.code if PurePosixPath(file.path).match("scripts/*/*.py")]
    named = [path for path in scripts if f"{record.rule}_".startswith(f"{path.stem}_")]
    return str(max(named, key=lambda path: len(path.stem)))


def _paths(files: Files) -> list[str]:
    """The path of every file, each once."""
    return list(dict.fromkeys(file.path for file in files))
