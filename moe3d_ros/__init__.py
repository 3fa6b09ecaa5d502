"""Embodied task planning for ROS 2 with 3D-MoE; without code of its own, so that a checkout and a build can form one package.

The interfaces (moe3d_ros.msg, .srv, .action) are generated into the install folder under the same package name.
Whichever of the two folders is found first, this line adds the other.
"""

from pkgutil import extend_path

__path__ = extend_path(__path__, __name__)
