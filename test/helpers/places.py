"""Where tests find things: the repository, the samples that it ships, real scans where they are at hand."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "test" / "samples"
SCANS = Path(os.environ.get("MOE3D_MOSD", ROOT.parent / "shared" / "data" / "mosd"))  # not part of the repository
