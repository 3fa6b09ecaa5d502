"""Plan of the study, read from YAML: the bench that all runs share, the variants and seeds, and when a run has reached its plateau."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from itertools import product
from pathlib import Path
from typing import Any

import yaml

from training.stages.settings import configured
from training.studies.study_task import StudyStage


@dataclass(frozen=True)
class Stop:
    """Plateau of a run: the held-out loss was asked ``last`` times without falling by more than ``nats``.

    Attributes:
        every: training texts between two evaluations.
        at_least: texts before which no run ends. at_most: texts at which a run ends without a plateau.
        rates: learning rates, one after the other: each until the plateau, the last one ends the run.
        longest: texts after which a rate gives way to the next even without a plateau, for every rate but the last; without it
            all wait for theirs. At a high rate the held-out loss falls for very long and rises and falls by more than the
            differences between variants: what is asked for is the plateau of the last rate.
    """

    nats: float = 0.01
    last: int = 3
    every: int = 4000
    at_least: int = 20_000
    at_most: int = 120_000
    rates: tuple[float, ...] = (1e-3, 2e-4)
    longest: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "rates", tuple(self.rates))
        object.__setattr__(self, "longest", tuple(self.longest))
        if self.nats < 0 or min(self.last, self.every) < 1 or not self.rates or min(self.rates) <= 0:
            raise ValueError(f"a plateau needs nats >= 0, last and every >= 1, and positive rates, got {self}")
        if self.at_least > self.at_most:
            raise ValueError(f"at_least ({self.at_least}) must not be above at_most ({self.at_most})")
        if self.longest and (len(self.longest) != len(self.rates) - 1 or min(self.longest) < self.every):
            raise ValueError(f"longest needs a number for each rate but the last, none below every, got {self}")

    def level(self, losses: list[float], texts: int) -> int:
        """Number of the rate that goes on after these held-out losses; ``len(rates)`` where the run is over.

        The losses of earlier levels are those before which each level was left: the whole walk is read from them.
        """
        level, first = 0, 0
        for count in range(1, len(losses) + 1):
            new = count - first
            before = losses[: count - self.last]
            flat = (
                new >= self.last and bool(before) and min(losses[count - self.last : count]) > min(before) - self.nats
            )
            to_end = level + 1 == len(self.rates)
            spent = bool(self.longest) and not to_end and new * self.every >= self.longest[level]
            if spent or (flat and (not to_end or count * self.every >= self.at_least)):
                level, first = level + 1, count
            if level == len(self.rates):
                return level
        return len(self.rates) if texts >= self.at_most else level


@dataclass(frozen=True)
class Variant:
    """One way to make and train the model: its difference from the bench, and what it is there for."""

    name: str
    shows: str = ""
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def slug(self) -> str:
        """A name for files."""
        return "-".join("".join(c if c.isalnum() else " " for c in self.name.lower()).split())


@dataclass(frozen=True)
class Plan:
    """Everything that the study is to run.

    Attributes:
        bench: settings of StudyStage that every run has.
        baseline, reference: names of the variants that all others are set against.
    """

    bench: dict[str, Any]
    stop: Stop
    seeds: tuple[int, ...]
    variants: tuple[Variant, ...]
    baseline: str
    reference: str

    def __post_init__(self) -> None:
        names = [variant.name for variant in self.variants]
        if len(set(names)) < len(names) or not {self.baseline, self.reference} <= set(names):
            raise ValueError(f"names of variants must differ, baseline and reference be among them, got {names}")
        if not self.seeds:
            raise ValueError("the plan has no seeds")

    def queue(self) -> list[tuple[Variant, int]]:
        """All runs in their order: every variant with the first seed comes before any with the second."""
        return [(variant, seed) for seed, variant in product(self.seeds, self.variants)]

    def stage(self, variant: Variant, seed: int, runs: Path, scenes: Path) -> StudyStage:
        """Settings of one run. Raises ValueError for a setting that there is not."""
        values = {"texts": "questions", "workers": 0, "flat": 1.0, **self.bench, **variant.settings}
        stage = configured(
            StudyStage, output=str(runs / f"{variant.slug}-{seed}"), scenes=str(scenes), seed=seed, **values
        )
        assert isinstance(stage, StudyStage)
        return stage


def read_plan(path: Path) -> Plan:
    """The plan of a YAML file. Raises ValueError, with the file's name, where it is none."""
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
        variants = tuple(Variant(**variant) for variant in values.pop("variants"))
        stop = Stop(**values.pop("stop", {}))
        seeds = tuple(values.pop("seeds"))
        unknown = values.keys() - {entry.name for entry in fields(Plan)}
        if unknown:
            raise ValueError(f"it has {', '.join(sorted(unknown))}, which no plan has")
        return Plan(stop=stop, seeds=seeds, variants=variants, **values)
    except (OSError, yaml.YAMLError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} is no plan of a study: {' '.join(str(error).split())}") from error
