"""An int8 form of an export: `python -m models.train.quantise PACKS FILE.onnx OUT.onnx WIDTH HEIGHT`.

Static, per channel, calibrated on training pictures; pictures go in as bytes, the boxes' arithmetic at the end stays in
floats. Keep it only if `models.train.measure` says that the accuracy holds.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from models.train.levels import grey_levels_in
from models.train.measure import filled
from models.train.pack import Pack

PICTURES = 240


class _Pictures(CalibrationDataReader):
    """Every so-manyth street picture, as the product shows it to the net."""

    def __init__(self, packs: Path, size: tuple[int, int]) -> None:
        self._left = self._tensors(Pack(packs / "street"), size)

    @staticmethod
    def _tensors(pack: Pack, size: tuple[int, int]) -> Iterator[dict[str, NDArray[np.float32]]]:
        numbers = [number for number, record in enumerate(pack.records) if record.split == "train"]
        for number in numbers[:: max(1, len(numbers) // PICTURES)]:
            yield {"images": filled(pack.picture(number), size)[0]}

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        """The next picture."""
        return next(self._left, None)


def main() -> None:
    """Quantise."""
    packs, source, target = (Path(word) for word in sys.argv[1:4])
    size = int(sys.argv[4]), int(sys.argv[5])
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ready.onnx"
        quant_pre_process(str(source), str(ready), skip_symbolic_shape=True)
        names = [node.name for node in onnx.load(ready).graph.node if node.op_type == "Conv"]
        quantize_static(
            str(ready), str(target), _Pictures(packs, size),
            quant_format=QuantFormat.QDQ, per_channel=True,
            reduce_range=True, nodes_to_quantize=inner(names),
            activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.Percentile,
        )  # fmt: skip
    model = onnx.load(target)
    grey_levels_in(model)
    onnx.save(model, target)


def inner(names: list[str]) -> list[str]:
    """All but those that write boxes and scores."""
    return [name for name in names if "/heads" not in name or "/towers" in name]


if __name__ == "__main__":
    main()
