"""Recordings in the formats of rosbag2, read and written without ROS."""
