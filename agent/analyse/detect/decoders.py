"""Which decoder reads which model."""

from __future__ import annotations

from agent.analyse.detect.fastestdet import FastestdetDecoder
from agent.analyse.detect.finished import PlainDecoder, ScoredDecoder, SsdDecoder
from agent.analyse.detect.nanodet import NanodetDecoder
from agent.analyse.detect.port import Decoder
from agent.analyse.detect.yolox import YoloxDecoder
from agent.analyse.manifest import (
    AppearanceSpec,
    DecoderSpec,
    FastestdetSpec,
    ModelInput,
    NanodetSpec,
    PlainSpec,
    ScoredSpec,
    SsdSpec,
    YoloxSpec,
)
from agent.core.errors import ModelError


def decoder_of(spec: DecoderSpec, shape: ModelInput, classes: int) -> Decoder:
    """The decoder for an input of that shape and so many classes.

    Raises:
        ModelError: the model is no detector.
    """
    match spec:
        case YoloxSpec():
            return YoloxDecoder(spec, shape, classes)
        case NanodetSpec():
            return NanodetDecoder(spec, shape, classes)
        case FastestdetSpec():
            return FastestdetDecoder(spec, shape, classes)
        case SsdSpec():
            return SsdDecoder(spec, shape, classes)
        case PlainSpec():
            return PlainDecoder(spec, shape, classes)
        case ScoredSpec():
            return ScoredDecoder(spec, shape, classes)
        case AppearanceSpec():
            raise ModelError("it tells people apart and finds nothing in a picture")
