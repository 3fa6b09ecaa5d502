"""Two checkpoints on the same questions: the dense baseline, and the difference of EM with an interval."""

from __future__ import annotations

import numpy as np

from moe3d_ros.model.checkpoint import CheckpointError
from moe3d_ros.planner import CHECKPOINTS, Planner
from training.evaluation.metrics.answers import exact_match

RESAMPLES = 10_000


def load_dense(folder: str | None, device: str = "cpu") -> Planner:
    """The dense baseline: a checkpoint folder or the name of one that ships; by default one that ships as ``dense``.

    Raises:
        CheckpointError: there is none, or it is not dense; says how to make one.
    """
    if folder is None and not (CHECKPOINTS / "dense").is_dir():
        raise CheckpointError(
            "No dense baseline ships with the package: train one (`python training/train.py --stage stage2 --dense true "
            "--output runs/dense`), join it (`python training/export.py --dense ... --output FOLDER`), and name it "
            "(`--dense-checkpoint FOLDER`)."
        )
    planner = Planner.from_pretrained(folder or "dense", device=device)
    if not planner.config.language.dense:
        raise CheckpointError(
            f"The checkpoint {folder or 'dense'} is a mixture of experts, not a dense baseline: export a run with "
            "--dense true by `python training/export.py --dense`."
        )
    return planner


def paired_difference(records: list[dict], others: list[dict], resamples: int = RESAMPLES, seed: int = 0) -> dict:
    """EM of the first minus EM of the second on the same questions, with a 95 % interval.

    The interval is a paired percentile bootstrap (Efron and Tibshirani 1993, chapter 13). Whole scenes are drawn, as
    the questions about one scene are not independent of each other.

    Args:
        records, others: with ``scene``, ``question``, ``expected`` and ``answer``, in the same order.

    Raises:
        ValueError: the two were not asked the same.
    """
    asked = [[(r["scene"], r["question"], r["expected"]) for r in rows] for rows in (records, others)]
    if asked[0] != asked[1] or not records:
        raise ValueError("the two checkpoints were not asked the same questions: run both on the same number of them")
    right = [np.array([exact_match(r["answer"], [r["expected"]]) for r in rows], float) for rows in (records, others)]
    gain = right[0] - right[1]
    _, scene = np.unique([r["scene"] for r in records], return_inverse=True)
    gains, counts = np.bincount(scene, weights=gain), np.bincount(scene)  # of each scene
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(len(counts), np.full(len(counts), 1 / len(counts)), size=resamples)  # times each is drawn
    low, high = np.percentile((drawn @ gains) / (drawn @ counts), (2.5, 97.5))
    return {
        "em": float(gain.mean()),
        "interval": [float(low), float(high)],
        "confidence": 0.95,
        "questions": len(records),
        "scenes": len(counts),
        "resamples": resamples,
    }
