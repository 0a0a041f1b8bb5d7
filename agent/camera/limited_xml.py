"""XML from strangers: read with limits, without document types, entities or anything fetched from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from agent.core.errors import CameraError

MOST_ELEMENTS = 5_000
MOST_DEPTH = 64


class _Reader:
    """Feeds expat's events to a tree; expat bare, because only so is a document type refused at its first mark."""

    def __init__(self) -> None:
        self._tree = TreeBuilder()
        self._depth = self._elements = 0
        self._parser = expat.ParserCreate(namespace_separator="}")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._tree.data
        self._parser.StartDoctypeDeclHandler = self._doctype

    def read(self, data: bytes) -> Element:
        self._parser.Parse(data, True)
        return self._tree.close()

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._elements += 1
        if self._depth > MOST_DEPTH or self._elements > MOST_ELEMENTS:
            raise CameraError(f"XML refused: deeper than {MOST_DEPTH} or more than {MOST_ELEMENTS} elements")
        self._tree.start(_braced(tag), {_braced(name): value for name, value in attributes.items()})

    def _end(self, tag: str) -> None:
        self._depth -= 1
        self._tree.end(_braced(tag))

    def _doctype(self, *_: object) -> None:
        raise CameraError("XML refused: it brings a document type, which no camera needs")


def _braced(tag: str) -> str:
    return "{" + tag if "}" in tag else tag


def parse_xml(data: bytes, most_bytes: int = 1 << 16) -> Element:
    """The root element of `data`; tags are written `{namespace}local`.

    Raises:
        CameraError: too large, too deep, with a document type, or no XML.
    """
    if len(data) > most_bytes:
        raise CameraError(f"XML refused: {len(data)} bytes are more than {most_bytes}")
    try:
        return _Reader().read(data)
    except (expat.ExpatError, ValueError, LookupError) as error:  # the last two: encodings that do not exist or fit
        raise CameraError(f"not XML: {error}") from error


def local(element: Element) -> str:
    """The tag without its namespace: discovery comes in two dialects that differ only there."""
    return element.tag.rpartition("}")[2]


def each(root: Element, name: str) -> Iterator[Element]:
    """Every element below `root` with that local name, in document order."""
    return (element for element in root.iter() if local(element) == name)


def text_of(root: Element, name: str) -> str:
    """The stripped text of the first element with that local name, "" without one."""
    return next(((element.text or "").strip() for element in each(root, name)), "")
