"""Limits that a plan must keep, and the motions that carry it out; without torch and ROS."""
