"""Import of Open3D, which needs a system library (libusb) that a machine without cameras often lacks."""

from __future__ import annotations

import ctypes


def import_open3d():
    """The module ``open3d``.

    Its wheel links to libusb-1.0.so.0 for depth cameras that this package does not use. Where the system has none, the
    copy in the wheel ``libusb-package`` is loaded first.

    Raises:
        ImportError: Open3D or libusb is missing; the message says what to install.
    """
    try:
        import open3d
    except ImportError as error:
        if "libusb" not in str(error):
            raise ImportError(
                f"Open3D cannot be imported ({error}): finding the table as a plane needs it, "
                "the extra `scans` of moe3d_ros. Install it with `pip install open3d libusb-package`"
            ) from error
        try:
            import libusb_package

            ctypes.CDLL(str(libusb_package.get_library_path()), mode=ctypes.RTLD_GLOBAL)
            import open3d
        except (ImportError, OSError) as second:
            raise ImportError(
                f"Open3D needs libusb ({error}): install it with `apt install libusb-1.0-0` or "
                "`pip install libusb-package`"
            ) from second
    return open3d
