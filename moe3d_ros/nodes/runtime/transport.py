"""Default transport of Fast DDS for this package's programs, unless the user configures another one.

Three defaults of Fast DDS 2.14 do not suit large clouds and nodes that may be killed:

* its shared memory has segments of 0.5 MB, in which most best-effort clouds of 5 MB are lost; over UDP they arrive where the
  receive buffer holds one (docs/sensors.md, `make bench ARGS="voxelizer --best-effort"`);
* a reader that is killed leaves locks in shared memory, on which a writer can hang for good: the readers that are started in
  its place match and receive nothing;
* who is started in the place of a killed one is overlooked until the next announcement, which comes every 3 s.

Reliable clouds are not slower over UDP: `make bench ARGS="voxelizer"`.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from pathlib import Path

from moe3d_ros.processes import PROFILES, profile_variable

PROFILE = Path(__file__).resolve().parents[2] / "fastdds.xml"
TRANSPORTS = "FASTDDS_BUILTIN_TRANSPORTS"
PROFILE_FILES = ("DEFAULT_FASTDDS_PROFILES.xml", "DEFAULT_FASTRTPS_PROFILES.xml")  # read from the working directory


def choose_profile(environment: MutableMapping[str, str]) -> bool:
    """Choose Fast DDS's profile for this process before ROS is initialised, unless Fast DDS is configured already.

    Other implementations of DDS do not look at the variable.

    Returns:
        whether it was chosen.
    """
    configured = any(environment.get(name) for name in (TRANSPORTS, *PROFILES))
    if configured or any(Path(name).is_file() for name in PROFILE_FILES):
        return False
    environment[profile_variable()] = str(PROFILE)
    return True
