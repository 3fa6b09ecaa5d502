"""The ROS 2 nodes. rclpy is imported under this package and nowhere else."""
