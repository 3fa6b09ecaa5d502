"""The demos: what they do with a plan, what they say of it, and the one that runs without ROS."""

from moe3d_ros.cores import let_threads_sleep

let_threads_sleep()  # before numpy and torch are imported
