"""A film as a GIF: pictures with a line of words below, few colours and small, for a README or a mail."""

from __future__ import annotations

from collections import deque
from pathlib import Path

import numpy as np

RATE = 12.5  # pictures a second: GIF counts in hundredths
LONGEST = 1000  # pictures: 80 seconds; of a longer film the end is kept
LAST = 1.5  # seconds that the last picture stays
COLORS = 96
CAPTION_HEIGHT, MARGIN = 16, 4  # pixels
PAPER, INK = (244, 244, 242), (34, 34, 34)


class Film:
    """Pictures in the order in which they were added.

    Args:
        path: of the GIF; its folder is made when it is written.
    """

    def __init__(self, path):
        self.path = Path(path)
        self._pictures: deque = deque(maxlen=LONGEST)
        self._palette = None

    def __len__(self) -> int:
        return len(self._pictures)

    def add(self, picture: np.ndarray, caption: str = "") -> None:
        """Add a picture (H, W, 3) uint8 with a line of words, which is cut where it is too long."""
        from PIL import Image, ImageDraw, ImageFont

        height, width = picture.shape[:2]
        sheet = Image.new("RGB", (width, height + CAPTION_HEIGHT), PAPER)
        sheet.paste(Image.fromarray(picture), (0, 0))
        draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=11)
        text = caption
        while text and draw.textlength(text, font) > width - 2 * MARGIN:
            text = f"{text.rstrip('.')[:-1].rstrip()}..."
        draw.text((MARGIN, height + 1), text, INK, font)
        if self._palette is None:  # one for all, so that what stands still stays the same
            self._palette = sheet.quantize(COLORS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        self._pictures.append(sheet.quantize(palette=self._palette, dither=Image.Dither.NONE))

    def write(self) -> Path | None:
        """Write what there is so far; returns its path, None where there is nothing."""
        if not self._pictures:
            return None
        self.path.parent.mkdir(parents=True, exist_ok=True)
        durations = [round(1000 / RATE)] * (len(self._pictures) - 1) + [round(1000 * LAST)]
        first, *others = self._pictures
        first.save(self.path, save_all=True, append_images=others, duration=durations, loop=0, optimize=False)
        return self.path
