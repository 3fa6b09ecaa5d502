"""Quality of service by intent: what may be lost, what must arrive, what a late joiner still needs."""

from __future__ import annotations

import copy

from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions

# A depth of 1 loses large messages: the fragments of the next one push out what has arrived of the one before
# (measured: a quarter of 5 MB clouds at 15 Hz). Whoever wants only the newest drops the others after they have arrived.
LARGE = 5
# Sensor streams in. Best effort connects to every publisher.
SENSOR_IN = QoSProfile(depth=LARGE, reliability=ReliabilityPolicy.BEST_EFFORT)
# Clouds and images out, and large clouds in where the publisher offers it. Reliable, since a message of several
# megabytes is cut into fragments and best effort loses it whole with the first lost fragment.
CLOUD = QoSProfile(depth=LARGE, reliability=ReliabilityPolicy.RELIABLE)
# Requests and results: each must arrive.
EVENT = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)
# The last one is kept for whoever comes later.
LATCHED = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL)
# As tf2 listens: one latched message from each of many publishers.
TF_STATIC_IN = QoSProfile(
    depth=100, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL
)
TF_IN = QoSProfile(depth=100, reliability=ReliabilityPolicy.RELIABLE)
# ROS 2's own parameters, such as qos_overrides./voxels.publisher.reliability, for who must have it otherwise.
OVERRIDABLE = QoSOverridingOptions.with_default_policies()


def own(profile: QoSProfile) -> QoSProfile:
    """A copy, for where it may be overridden: rclpy writes into the profile that it is given."""
    return copy.copy(profile)
