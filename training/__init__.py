"""Offline training and evaluation of 3D-MoE; threads wait as on a robot, from before torch is loaded."""

from moe3d_ros.cores import let_threads_sleep

let_threads_sleep()
