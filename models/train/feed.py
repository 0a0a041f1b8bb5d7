"""Batches without end, mixed from the packs in fixed shares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from models.train.augment import Rows, Sample, mosaic, single, weather
from models.train.merge import Taught, merge, read_teacher, share_weights
from models.train.pack import Image, Pack


class Mix(NamedTuple):
    """Shares of pictures with nothing in them and of drawn ones; the rest is street."""

    empty: float = 0.13
    drawn: float = 0.12


POLISH = Mix(0.2, 0.3)
"""For a last short run at a low rate."""


class Phase(NamedTuple):
    """How pictures are made during a part of the training."""

    until: float
    """Share of the whole training at which it ends."""
    size: tuple[int, int]
    mosaic: float
    zoom: tuple[float, float]


PHASES = (
    Phase(0.30, (256, 192), 0.6, (0.75, 1.9)),
    Phase(0.82, (320, 224), 0.6, (0.7, 1.8)),
    Phase(0.91, (384, 288), 0.4, (0.7, 1.7)),
    Phase(1.01, (416, 288), 0.0, (0.8, 1.5)),
)


def phase_at(progress: float) -> Phase:
    """The phase at `progress` 0..1."""
    return next(phase for phase in PHASES if progress < phase.until)


class Shelf:
    """The pictures of one kind with what is taught of them, and how often each is taken."""

    def __init__(self, packs: list[Pack], taught: list[list[Taught]], times: list[int]) -> None:
        self._places = [(pack, number) for pack, ones in zip(packs, taught, strict=True) for number in range(len(ones))]
        self.taught = [one for ones in taught for one in ones]
        self.drawn = [pack.drawn for pack, _ in self._places]
        shares = share_weights(self.taught) * np.repeat(np.array(times, np.float32), [len(ones) for ones in taught])
        self.shares = shares / shares.sum()
        self._ladder = np.cumsum(self.shares)

    def __len__(self) -> int:
        return len(self.taught)

    def take(self, rng: np.random.Generator) -> Sample:
        """One of them."""
        return self.sample(min(len(self) - 1, int(np.searchsorted(self._ladder, rng.random()))))

    def sample(self, index: int) -> Sample:
        """One by its number."""
        pack, number = self._places[index]
        return pack.picture(number), self.taught[index]


def shelf_names(root: Path) -> tuple[dict[str, int], dict[str, int], dict[str, int]]:
    """The packs of street pictures, of drawn ones and of those with nothing in them, and how often each is taken."""
    # what it got wrong it sees more often; on a drawn bench somebody sits too often
    mined = {path.parent.name: 3 for path in sorted(root.glob("mined*/records.jsonl"))}
    return {"street": 1, "clips": 1}, {"drawn": 1, "drawn-empty": 6}, {"median": 1, "crop": 1, **mined}


def shelf(root: Path, names: Mapping[str, int], keep: str = "train") -> Shelf:
    """Open packs by name and merge labels with what the teacher saw."""
    packs, taught = [], []
    for name in names:
        whole, teacher = Pack(root / name), read_teacher(root / name)
        numbers = [n for n, record in enumerate(whole.records) if record.split == keep]
        packs.append(Pack(root / name, [whole.records[n] for n in numbers]))
        alone = name == "clips"
        taught.append([merge(whole.records[n], teacher[n] if teacher else None, alone=alone) for n in numbers])
    return Shelf(packs, taught, list(names.values()))


class Feed:
    """An iterable data set whose items are whole batches: pictures n x 3 x h x w (uint8), rows of all, row counts."""

    def __init__(self, root: Path, batch: int, progress: Synchronized[float], seed: int, mix: Mix) -> None:
        self._root, self._batch, self._progress, self._seed, self._mix = root, batch, progress, seed, mix

    def __iter__(self) -> Iterator[tuple[Image, Rows, NDArray[np.int64]]]:
        """Batches for ever."""
        cv2.setNumThreads(1)
        street, drawn, empty = (shelf(self._root, names) for names in shelf_names(self._root))
        shelves, rng = (street, drawn, empty), np.random.default_rng(self._seed)
        while True:
            phase = phase_at(self._progress.value)
            made = [_one(rng, shelves, phase, self._mix) for _ in range(self._batch)]
            pictures = np.stack([np.ascontiguousarray(picture.transpose(2, 0, 1)) for picture, _ in made])
            yield pictures, np.concatenate([rows for _, rows in made]), np.array([len(rows) for _, rows in made])


def _one(rng: np.random.Generator, shelves: tuple[Shelf, Shelf, Shelf], phase: Phase, mix: Mix) -> tuple[Image, Rows]:
    if rng.random() < phase.mosaic:
        picture, rows = mosaic(rng, [_drawn_lot(rng, shelves, mix) for _ in range(4)], phase.size)
    else:
        picture, rows = single(rng, _drawn_lot(rng, shelves, mix), phase.size, *phase.zoom)
    return weather(rng, picture), rows


def _drawn_lot(rng: np.random.Generator, shelves: tuple[Shelf, Shelf, Shelf], mix: Mix) -> Sample:
    street, drawn, empty = shelves
    lot = rng.random()
    chosen = empty if lot < mix.empty else drawn if lot < mix.empty + mix.drawn else street
    return chosen.take(rng)
