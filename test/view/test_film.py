"""Films: what was added is there, in its order, with its words, and what stands still costs little."""

import numpy as np
import pytest

pytest.importorskip("PIL", reason="Pillow is not installed")
from PIL import Image

from moe3d_ros.view import film as films
from moe3d_ros.view.film import CAPTION_HEIGHT, LAST, RATE, Film


def picture(column: int) -> np.ndarray:
    """A scene with a red block that has moved to a column."""
    shown = np.random.default_rng(0).integers(0, 60, (90, 160, 3)).astype(np.uint8)
    shown[40:50, column : column + 10] = (220, 30, 30)
    return shown


def test_pictures_come_in_their_order_with_their_words(tmp_path):
    film = Film(tmp_path / "new" / "film.gif")
    assert film.write() is None
    assert not film.path.exists()
    columns = (10, 40, 80, 120)
    for number, column in enumerate(columns):
        film.add(picture(column), "a very long sentence that will not fit at all " * number)
    assert len(film) == 4
    assert film.write() == film.path
    with Image.open(film.path) as opened:
        assert (opened.n_frames, opened.size) == (4, (160, 90 + CAPTION_HEIGHT))
        durations = []
        for number, column in enumerate(columns):
            opened.seek(number)
            durations.append(opened.info["duration"])
            shown = np.asarray(opened.convert("RGB")).astype(int)
            red = np.argwhere(shown[:90, :, 0] > 150)
            assert (red[:, 1].min(), red[:, 1].max()) == (column, column + 9)
            dark = (shown[90:] < 120).any()
            assert dark == bool(number)  # words
    assert durations == [round(1000 / RATE)] * 3 + [round(1000 * LAST)]


def test_what_stands_still_costs_little(tmp_path):
    sizes = []
    for count in (1, 50):
        film = Film(tmp_path / f"{count}.gif")
        for _ in range(count):
            film.add(picture(20))
        film.add(picture(80))
        film.write()
        sizes.append(film.path.stat().st_size)
    assert sizes[1] < 2 * sizes[0]


def test_of_a_long_film_the_end_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(films, "LONGEST", 3)
    film = Film(tmp_path / "film.gif")
    for column in (10, 40, 80, 120):
        film.add(picture(column))
    film.write()
    with Image.open(film.path) as opened:
        assert opened.n_frames == 3
        assert np.argwhere(np.asarray(opened.convert("RGB"))[:90, :, 0] > 150)[:, 1].min() == 40
