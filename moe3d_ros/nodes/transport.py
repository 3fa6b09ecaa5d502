"""How Fast DDS carries the messages of this package's programs, where the user has not said otherwise.

Two defaults of Fast DDS 2.14 do not suit large clouds and nodes that may be killed:

* its shared memory has segments of 0.5 MB: of 120 best-effort clouds of 5 MB at 15 Hz 1 to 11 arrived. Over UDP all did with a
  receive buffer of 4 MB, and 24 with the 0.2 MB that Linux allows unless told otherwise (docs/sensors.md);
* a reader that is killed leaves locks in shared memory, on which a writer can hang for good (after some 300 kills on a
  starved machine; none in 500 over UDP): the readers that are started in its place match and receive nothing.

Reliable clouds are not slower over UDP: `make bench ARGS="voxelizer"`.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from pathlib import Path

from moe3d_ros.processes import PROFILES

VARIABLE = "FASTDDS_BUILTIN_TRANSPORTS"
PREFERRED = "UDPv4?sockets_size=16MB"  # the kernel gives net.core.rmem_max at most
PROFILE_FILES = ("DEFAULT_FASTDDS_PROFILES.xml", "DEFAULT_FASTRTPS_PROFILES.xml")  # read from the working directory


def prefer_udp(environment: MutableMapping[str, str]) -> bool:
    """Choose the transport for this process before ROS is initialised, unless Fast DDS is configured already.

    Other implementations of DDS do not look at the variable.

    Returns:
        whether it was chosen.
    """
    configured = any(environment.get(name) for name in (VARIABLE, *PROFILES))
    if configured or any(Path(name).is_file() for name in PROFILE_FILES):
        return False
    environment[VARIABLE] = PREFERRED
    return True
