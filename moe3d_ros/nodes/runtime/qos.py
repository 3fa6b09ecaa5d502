"""Quality of service by intent: what may be lost, what must arrive, what a late joiner still needs."""

from __future__ import annotations

import copy

from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions

# Large messages in: one that has arrived and the one that is arriving, whose fragments would push out the other at a depth
# of 1. A reader that needs only the newest needs no more, and each place, once used, holds the memory of a message for good.
# (Measured with clouds of 5 MB at 15 Hz on a busy machine: depths of 2, 3 and 5 lose 3 of 500 alike.)
IN_DEPTH = 2
OUT_DEPTH = 5  # what a reader that was late can still ask for
# Sensor streams in. Best effort connects to every publisher.
SENSOR_IN = QoSProfile(depth=IN_DEPTH, reliability=ReliabilityPolicy.BEST_EFFORT)
# Clouds and images, reliable, since a message of several megabytes is cut into fragments and best effort loses it whole
# with the first lost fragment. In only where the publisher offers it.
CLOUD_IN = QoSProfile(depth=IN_DEPTH, reliability=ReliabilityPolicy.RELIABLE)
CLOUD = QoSProfile(depth=OUT_DEPTH, reliability=ReliabilityPolicy.RELIABLE)
# Requests and results: each must arrive.
EVENT = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)
# The last one is kept for late joiners.
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
