"""The zones that have a polygon, as a state knows them."""

from scripts.lib.errors import Breach, Fault
from scripts.reference.tz_world import UNREADABLE, tz_world_info


def zones_of_world(tz_world: str) -> list[str]:
    """Sorted tzids of the sealed polygons; CONTENT where they cannot be read."""
    try:
        tzids = tz_world_info(tz_world).tzids
    except UNREADABLE as problem:
        raise Fault(
            Breach.CONTENT, "tz_world_2025a", f"zone polygons unreadable: {problem}"[:200], path=tz_world
        ) from None
    return tzids
