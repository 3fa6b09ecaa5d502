"""A subscription to large sensor messages that asks for reliable delivery wherever every publisher offers it.

Best effort connects to every driver, but loses a message of several megabytes whole with the first of its fragments
(on one machine with the default Fast DDS settings most 640x480 clouds are lost). Reliable does not connect to a
best-effort driver at all. So: start with best effort, and follow what the publishers offer.
"""

from __future__ import annotations

import threading

from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.qos import ReliabilityPolicy

from moe3d_ros.nodes.qos import CLOUD, SENSOR_IN


class AdaptiveSubscription:
    """Subscribes with best effort, and again with reliable when all publishers are; back when one is not."""

    def __init__(self, node, msg_type, topic: str, callback, group, reliability: str = "auto", raw: bool = False):
        """``reliability``: "auto", or "reliable" or "best_effort" to hold on to one; ``raw``: bytes for messages."""
        self._node, self._type, self._topic, self._callback, self._group = node, msg_type, topic, callback, group
        self._auto = reliability == "auto"
        self._subscription = None
        self._closed, self._raw = False, raw
        self._lock = threading.Lock()
        self._changed = node.create_guard_condition(self._follow, callback_group=group)
        self._subscribe(CLOUD if reliability == "reliable" else SENSOR_IN)

    @property
    def topic(self) -> str:
        """The resolved name."""
        return self._subscription.topic_name

    @property
    def publishers(self) -> int:
        """How many nodes publish on the topic."""
        return self._node.count_publishers(self.topic)

    def close(self) -> None:
        """Unsubscribe."""
        with self._lock:
            self._closed = True
            self._node.destroy_subscription(self._subscription)
            self._node.destroy_guard_condition(self._changed)

    def _subscribe(self, profile) -> None:
        self._profile = profile
        events = (
            SubscriptionEventCallbacks(
                matched=lambda _: self._changed.trigger(), incompatible_qos=lambda _: self._changed.trigger()
            )
            if self._auto
            else None
        )
        old = self._subscription
        self._subscription = self._node.create_subscription(
            self._type, self._topic, self._callback, profile, callback_group=self._group, event_callbacks=events,
            raw=self._raw,
        )  # fmt: skip
        if old is not None:
            self._node.destroy_subscription(old)

    def _follow(self) -> None:
        """Resubscribe when what the publishers offer has changed; runs in the executor, not in the event's callback."""
        with self._lock:
            if self._closed:
                return
            found = self._node.get_publishers_info_by_topic(self.topic)
            offers = [info.qos_profile.reliability for info in found]
            wanted = CLOUD if offers and all(o == ReliabilityPolicy.RELIABLE for o in offers) else SENSOR_IN
            if wanted is not self._profile:
                self._subscribe(wanted)
