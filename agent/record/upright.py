"""Small pictures stand as players show their source: areas are drawn, and hidden, on what people see."""

from __future__ import annotations

from typing import cast

from av.sidedata.sidedata import SideDataContainer, Type
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane

from agent.core.upright import MATRIX, rotation


def quarters_of(frame: VideoFrame) -> int:
    """How many quarters counter-clockwise it must be turned, by what its file says."""
    sides = cast("SideDataContainer", frame.side_data)  # PyAV declares motion vectors alone
    try:
        matrix = bytes(sides[Type.DISPLAYMATRIX])
    except KeyError:
        return 0
    return rotation(MATRIX.unpack(matrix)) // 90


def turned(picture: VideoFrame, quarters: int) -> VideoFrame:
    """The picture (planar, 8 bits, its sides even) turned counter-clockwise by so many quarters, without its times."""
    if not quarters:
        return picture
    size = (picture.height, picture.width) if quarters % 2 else (picture.width, picture.height)
    upright = VideoFrame(*size, picture.format.name)
    for source, plane in zip(picture.planes, upright.planes, strict=True):
        rows = _rows(source)
        for _ in range(quarters):
            rows = _quarter(rows)
        plane.update(b"".join(row.ljust(plane.line_size, b"\0") for row in rows))
    return upright


def _rows(plane: VideoPlane) -> list[bytes]:
    samples, stride = bytes(plane), plane.line_size
    return [samples[y * stride : y * stride + plane.width] for y in range(plane.height)]


def _quarter(rows: list[bytes]) -> list[bytes]:
    """What was the last column is the first row."""
    width, samples = len(rows[0]), b"".join(rows)
    return [samples[x::width] for x in reversed(range(width))]
