"""Pictures of a plan, and the live view in the browser; without torch and ROS."""
