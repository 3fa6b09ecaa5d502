"""A subscription to large sensor messages that asks for reliable delivery wherever every publisher offers it.

Best effort connects to every driver, but loses a message of several megabytes whole with the first of its fragments
(with the kernel's usual socket buffers most 640x480 clouds are lost). Reliable does not connect to a best-effort driver
at all. So: start with best effort, and follow what the publishers offer.

Messages are taken as bytes. Fast DDS (2.14 and 3.x up to now) can leave a message in a reliable reader's list that it
has freed: one of which some fragments had come when its publisher declared it out of date. Taken as a message, that
one fails to be read and stays, and ``take`` tries again without end, with the reader and Python's interpreter locked.
Taken as bytes it is a message of none, by which it is known, and the subscription is made anew.
"""

from __future__ import annotations

import threading

from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.qos import ReliabilityPolicy

from moe3d_ros.nodes.runtime.qos import CLOUD_IN, SENSOR_IN, own
from moe3d_ros.nodes.runtime.raw_messages import ENCAPSULATION_BYTES, decode

WARN_EVERY = 10.0  # seconds between warnings of bad messages


class AdaptiveSubscription:
    """Subscribes with best effort, and again with reliable when all publishers are; back when one is not."""

    def __init__(
        self,
        node,
        msg_type,
        topic: str,
        callback,
        group,
        reliability: str = "auto",
        raw: bool = False,
        overridable=None,
    ):
        """
        Args:
            callback: called with a message as `raw_messages.decode` returns it, or with ``raw`` with its bytes and the
                middleware's information.
            reliability: "auto", or "reliable" or "best_effort" to hold on to one.
            overridable: rclpy's QoSOverridingOptions.
        """
        self._node, self._type, self._topic, self._callback, self._group = node, msg_type, topic, callback, group
        self._auto, self._raw, self._overridable = reliability == "auto", raw, overridable
        self._subscription = None
        self._closed = self._broken = False
        self._lock = threading.Lock()
        self._changed = node.create_guard_condition(self._follow, callback_group=group)
        self._subscribe(CLOUD_IN if reliability == "reliable" else SENSOR_IN)

    @property
    def topic(self) -> str:
        """The resolved name."""
        return self._subscription.topic_name

    @property
    def publishers(self) -> int:
        """Number of nodes that publish on the topic."""
        return self._node.count_publishers(self.topic)

    def close(self) -> None:
        """Unsubscribe."""
        with self._lock:
            self._closed = True
            self._node.destroy_subscription(self._subscription)
            self._node.destroy_guard_condition(self._changed)

    def _subscribe(self, profile) -> None:
        self._profile, self._broken = profile, False
        events = (
            SubscriptionEventCallbacks(matched=lambda _: self._wake(), incompatible_qos=lambda _: self._wake())
            if self._auto
            else None
        )
        kind = "reliable" if profile.reliability == ReliabilityPolicy.RELIABLE else "best effort"
        self._node.get_logger().debug(f"Listening to {self._node.resolve_topic_name(self._topic)}, {kind}.")
        old = self._subscription
        self._subscription = self._node.create_subscription(
            self._type,
            self._topic,
            self._take,
            own(profile),
            callback_group=self._group,
            event_callbacks=events,
            raw=True,
            qos_overriding_options=self._overridable,
        )
        if old is not None:
            self._node.destroy_subscription(old)

    def _take(self, data: bytes, info: dict) -> None:  # two parameters: then rclpy passes the information too
        if len(data) < ENCAPSULATION_BYTES:
            if not self._broken:
                self._broken = True
                self._node.get_logger().warning(
                    f"{self.topic}: the middleware handed over a message that it had freed; subscribing again.",
                    throttle_duration_sec=WARN_EVERY,
                )
                self._wake()
        elif self._raw:
            self._callback(data, info)
        else:
            try:
                msg = decode(self._type, data)
            except ValueError as error:
                self._node.get_logger().warning(f"{self.topic}: {error}.", throttle_duration_sec=WARN_EVERY)
                return
            self._callback(msg)

    def _wake(self) -> None:
        """Have ``_follow`` run; not while or after it is closed, when the guard condition is gone."""
        with self._lock:
            if not self._closed:
                self._changed.trigger()

    def _follow(self) -> None:
        """Resubscribe when what the publishers offer has changed, or the reader is broken.

        Runs in the executor, not in the event's callback.
        """
        with self._lock:
            if self._closed:
                return
            wanted = self._profile
            if self._auto:
                found = self._node.get_publishers_info_by_topic(self.topic)
                offers = [info.qos_profile.reliability for info in found]
                wanted = CLOUD_IN if offers and all(o == ReliabilityPolicy.RELIABLE for o in offers) else SENSOR_IN
            if self._broken or wanted is not self._profile:
                self._subscribe(wanted)
