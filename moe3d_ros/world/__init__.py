"""The ground floor: words, kinds, places, shapes and poses of the world that everything else speaks of; without torch and ROS."""
