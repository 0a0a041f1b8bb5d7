"""Streams that go from one container into another without transcoding."""

from __future__ import annotations

import av.container
import av.stream


def codec_name(stream: av.stream.Stream) -> str:
    """Of the format, not of the decoder that FFmpeg would take for it (`libdav1d`, `mp3float`)."""
    return stream.codec_context.codec.canonical_name


def copied_stream(out: av.container.OutputContainer, template: av.stream.Stream) -> av.stream.Stream:
    """A stream of `out` for the packets of `template`.

    Where the decoder has a name of its own PyAV looks in vain for an encoder called so, and must copy parameters alone.

    Raises:
        ValueError, av.FFmpegError: this container does not carry it.
    """
    own_name = template.codec_context.codec.name != codec_name(template)
    return out.add_stream_from_template(template, opaque=True) if own_name else out.add_stream_from_template(template)
