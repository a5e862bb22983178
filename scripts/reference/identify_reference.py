"""Which release each reference is, by its content: a tag can be written on anything (certification.md §16)."""

from dataclasses import dataclass
from typing import Any

from scripts.lib.contracts import load_yaml
from scripts.lib.files import read_json, sha256_file, write_json
from scripts.lib.records import plain, record
from scripts.reference.content import archive_content, table_content


@dataclass(frozen=True)
class Reference:
    """A reference dataset: the release that config names, digests of file and content, and whether they are that."""

    release: str
    sha256: str
    content_sha256: str
    known: bool


def main(
    *, tz_world: str, tzdb: str, places: str, known_releases: str, identity: str, releases: dict[str, str]
) -> None:
    known = load_yaml(known_releases)
    contents = {
        "tz_world": (tz_world, table_content(tz_world)),
        "tzdb": (tzdb, archive_content(tzdb)),
        "places": (places, table_content(places)),
    }
    found = {
        name: Reference(releases[name], sha256_file(path), content, is_known(known, name, releases[name], content))
        for name, (path, content) in contents.items()
    }
    write_json(identity, plain(found))


def is_known(known: dict[str, Any], name: str, release: str, content: str) -> bool:
    """Whether the registry of releases knows this content under this name and tag."""
    return bool(known[name].get(release) == content)


def read_identity(path: str) -> dict[str, Reference]:
    """The references by name: tz_world, tzdb, places."""
    return {name: record(Reference, entry) for name, entry in read_json(path).items()}


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main)
