#!/usr/bin/env python3
"""Makes docs/view.png: the live view of a real run, as the browser shows it.

    make build && tools/run python tools/view_picture.py

Starts simulator, voxelizer, planner and viewer, opens the page in headless Chromium (apt-get install chromium), types
the instruction as a person would, waits for the plan and its drawing, and takes the picture. Nothing is staged.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]
import browser  # noqa: E402

from moe3d_ros.processes import Nodes, OwnDomain  # noqa: E402

INSTRUCTION = "put the red block in the green bowl"
FRAME = "base_link"
MAX_PICTURE_BYTES = 300_000  # bytes of the picture
PATIENCE = 900.0  # seconds for any stage: on a busy machine drawing without a graphics card is slow
STILL_DIFFERENCE = 0.3  # mean difference of two pictures, of 255, below which only the camera's noise is left
CLOSE_NOTES = "document.querySelectorAll('.mantine-Notification-closeButton').forEach(button => button.click())"


def main(argv=None) -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--instruction", default=INSTRUCTION)
    parser.add_argument("--seed", type=int, default=0, help="of the simulated scene")
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "view.png")
    args = parser.parse_args(argv)
    if browser.find() is None:
        print("There is no Chromium here: sudo apt-get install -y chromium", file=sys.stderr)
        return 2
    domain = OwnDomain()
    os.environ.update(domain.environment())  # before rclpy reads it
    from moe3d_ros.nodes.demo_client import DemoClient

    with Nodes(ROOT / "out" / "view" / "logs", domain.environment()) as nodes:
        nodes.start("tabletop", seed=args.seed, contains=["red block", "green bowl"], planning_frame=FRAME)
        nodes.start("planner", planning_frame=FRAME, max_cloud_age=60.0)
        nodes.start("voxelizer", planning_frame=FRAME)
        nodes.start("viewer", planning_frame=FRAME, port=0)
        client = DemoClient(nodes.check, FRAME)
        try:
            client.wait_ready(simulator=True, timeout=PATIENCE)
            address = client.view_address(PATIENCE)
        finally:
            client.close()
        with browser.Page(address, 1200, 640, timeout=PATIENCE) as page:
            page.wait_text("Instruction")
            page.evaluate(CLOSE_NOTES)  # Chromium's note that it draws without a graphics card
            page.type(args.instruction)
            page.wait_text("planned in")
            seen = [page.screenshot()]

            def still() -> bool:
                seen.append(page.screenshot())
                return difference(*seen[-2:]) < STILL_DIFFERENCE

            page.wait_until(still, "still picture")
    picture = small(seen[-1])
    args.output.write_bytes(picture)
    print(f"Wrote {args.output} ({len(picture) // 1000} kB).")
    return 0 if len(picture) <= MAX_PICTURE_BYTES else 1


def difference(one: bytes, other: bytes) -> float:
    """Mean absolute difference of two pictures, 0 to 255."""
    from PIL import Image, ImageChops, ImageStat

    images = [Image.open(io.BytesIO(png)).convert("RGB") for png in (one, other)]
    return sum(ImageStat.Stat(ImageChops.difference(*images)).mean) / 3


def small(png: bytes) -> bytes:
    """The same picture in 256 colours."""
    from PIL import Image

    out = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()


if __name__ == "__main__":
    sys.exit(main())
