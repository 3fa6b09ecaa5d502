"""From sensor data to voxels: files, readings, registration, the table's plane; numpy, without torch and ROS."""
