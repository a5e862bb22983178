"""What the import rule of one seed of a user's own upstream names."""

from dataclasses import dataclass

from scripts.lib.contracts import root_path
from scripts.upstream.authority import Authority, authority_path


@dataclass(frozen=True)
class Import:
    """One seed of a user's own upstream, as its import rule names it."""

    authority: str
    seed: str
    manifest_fingerprint: str
    file: str
    parts: dict[str, list[str]]  # by dataset; only those that the upstream has

    @classmethod
    def of(cls, authority: Authority, seed: int) -> "Import":
        """The import of one pinned seed; its outputs have wildcards in their root, as Snakemake wants them alike."""
        found = {"site_locations": authority.site_locations(seed), "merchant_mcc_map": authority.merchant_map(seed)}
        found["own_rows"] = authority.own_rows(seed)
        parts = {name: [f"{root_path('upstream')}/{path}" for path in paths] for name, paths in found.items() if paths}
        fingerprint = authority.seeds[seed].manifest_fingerprint
        return cls(authority.name, str(seed), fingerprint, authority_path(authority.name), parts)
