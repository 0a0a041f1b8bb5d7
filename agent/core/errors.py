"""Every error we raise on purpose.

LamppostError                 one clear line: what, where, what to do      exit 1
├── ConfigError               the configuration or the arguments are wrong exit 2
├── SourceError               a camera or a file gives no usable video     exit 3
│   ├── SourceUnreachable     nobody answers there
│   ├── SourceRefused         user name or password refused
│   ├── SourceNotVideo        what answers is not video we can read
│   └── SourceBroken          the stream or the file broke off
├── StorageError              the disk does not take or give what it should
│   ├── StorageMissing        the recording folder is not there or not ours (no marker)
│   └── NotRecorded           of that time there is nothing to show, and later there will not be either
├── ModelError                a model is unknown, missing, wrong or does not fit   exit 2
├── WireError                 a message from outside breaks its contract
├── LinkError                 the broker cannot be reached or refuses us
└── CameraError               discovery, ONVIF or VAPIX did not answer as agreed

Foreign errors are translated in the adapter that meets them. A caller that does not need to know gets no error
but a log line, and only where the result is still right.
"""

from __future__ import annotations

from typing import ClassVar


class LamppostError(Exception):
    """Base of the tree; `exit_code` is what the command returns when it ends a verb."""

    exit_code: ClassVar[int] = 1


class ConfigError(LamppostError):
    """The configuration or the arguments are wrong; carries every problem found, one line each."""

    exit_code: ClassVar[int] = 2

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class SourceError(LamppostError):
    """A camera or a file gives no usable video."""

    exit_code: ClassVar[int] = 3


class SourceUnreachable(SourceError):
    """Nobody answers at that address."""


class SourceRefused(SourceError):
    """The camera refuses the user name or the password."""


class SourceNotVideo(SourceError):
    """Something answers, but it is not video we can read."""


class SourceBroken(SourceError):
    """The stream or the file broke off; what came before is good."""


class StorageError(LamppostError):
    """The disk does not take or give what it should."""


class StorageMissing(StorageError):
    """The recording folder is not there, or is not ours: it has no marker."""


class NotRecorded(StorageError):
    """Of that camera and time there is nothing to show; to ask again later does not help."""


class ModelError(LamppostError):
    """A model is unknown, its file is missing or has the wrong hash, or it does not fit its manifest."""

    exit_code: ClassVar[int] = 2


class WireError(LamppostError):
    """A message from outside breaks its contract."""


class LinkError(LamppostError):
    """The broker cannot be reached or refuses us."""


class CameraError(LamppostError):
    """Discovery, ONVIF or VAPIX did not answer as agreed."""
