"""The ROS 2 nodes. rclpy is imported under this package and nowhere else.

What holds for a node's process must be so before libraries are loaded: how threads wait (`moe3d_ros.cores`), and that Ctrl-C
among the imports of ``python -m moe3d_ros.nodes.NAME`` ends it without a traceback; the programs of ``ros2 run`` do the latter
themselves.
"""

import signal
import sys

from moe3d_ros.cores import let_threads_sleep

let_threads_sleep()
if sys.argv[:1] == ["-m"] and signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # until run_nodes begins
    signal.signal(signal.SIGINT, signal.SIG_DFL)
