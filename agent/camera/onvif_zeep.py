"""The only place that knows onvif-zeep and zeep: clients from their WSDL files, tokens, and their errors translated."""

from __future__ import annotations

import importlib
import importlib.metadata
import logging
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests

from agent.camera.found import plain
from agent.core.clock import NS, Clock
from agent.core.errors import CameraError, LamppostError, SourceRefused, SourceUnreachable

_REFUSALS = ("notauthorized", "not authorized", "failedauthentication", "unauthorized", "invalidsecurity")
_BARE_ROOT = threading.Lock()


class _Services:
    """onvif-zeep, imported at the first use (1 s on a gateway) and without its hand in our logging."""

    def __init__(self) -> None:
        self._onvif: Any = None

    @property
    def onvif(self) -> Any:
        with _BARE_ROOT:
            if self._onvif is None:
                self._onvif = _import_quietly()
        return self._onvif

    def namespace(self, service: str) -> str:
        """The XML namespace of a service, by onvif-zeep's name for it."""
        return str(self.onvif.definition.SERVICES[service]["ns"])

    def binding(self, service: str) -> str:
        """The qualified name of its SOAP binding."""
        return f"{{{self.namespace(service)}}}{self.onvif.definition.SERVICES[service]['binding']}"

    def wsdl(self, service: str) -> Path:
        """Its WSDL file: the package puts the folder in different places, so it is asked where it went."""
        name = self.onvif.definition.SERVICES[service]["wsdl"]
        for file in importlib.metadata.files("onvif_zeep") or ():
            if file.name == name:
                return Path(str(file.locate()))
        raise CameraError(
            f"onvif-zeep is installed without {name}; install it again: pip install --force-reinstall onvif-zeep"
        )


def _import_quietly() -> Any:
    """Import onvif-zeep; it calls logging.basicConfig, which is the program's to call, not a library's."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    onvif = importlib.import_module("onvif")
    importlib.import_module("onvif.definition")
    for handler in set(root.handlers) - set(handlers):
        root.removeHandler(handler)
    root.setLevel(level)
    return onvif


services = _Services()


class Soap:
    """Calls operations of services; each service's client is built at its first call and kept."""

    def __init__(
        self,
        session: requests.Session,
        username: str | None,
        password: str | None,
        clock: Clock,
        *,
        timeout_s: float,
        place: str,
    ) -> None:
        self._session, self._clock, self._timeout_s, self._place = session, clock, timeout_s, place
        self._username, self._password = username, password
        self._clients: dict[tuple[str, str], tuple[Any, Any]] = {}
        self.offset_ns = 0
        """Camera clock minus ours: tokens are dated by the camera's clock (ONVIF Core section 5.9.3)."""

    def call(
        self, service: str, address: str, call: str, arguments: dict[str, Any] | None, *, token: bool = True
    ) -> Any:
        """One operation, one answer.

        Raises:
            SourceUnreachable: nobody answers.
            SourceRefused: the device wants other credentials.
            CameraError: what it answers is not what was agreed.
        """
        client, proxy = self._client(service, address)
        client.wsse = self._token() if token and self._username is not None else None
        try:
            return getattr(proxy, call)(arguments)
        except services.onvif.ONVIFError as error:
            raise self._translate(error.__context__ or error, call) from error

    def _client(self, service: str, address: str) -> tuple[Any, Any]:
        found = self._clients.get((service, address))
        if found is None:
            found = self._clients[service, address] = self._build(service, address)
        return found

    def _build(self, service: str, address: str) -> tuple[Any, Any]:
        zeep = importlib.import_module("zeep")
        wsdl = services.wsdl(service)
        transport = zeep.Transport(session=self._session, timeout=self._timeout_s, operation_timeout=self._timeout_s)
        # Not strict: cameras leave out what the schema requires. No huge trees, no document types: cameras send none.
        settings = zeep.Settings(strict=False, xml_huge_tree=False, forbid_dtd=True, forbid_entities=True)
        client = zeep.Client(str(wsdl), transport=transport, settings=settings)
        # Without zeep_client ONVIFService makes a client of its own, with huge trees allowed and a cache on disk.
        proxy = services.onvif.ONVIFService(
            address,
            self._username,
            self._password,
            str(wsdl),
            zeep_client=client,
            binding_name=services.binding(service),
        )
        return client, proxy

    def _token(self) -> Any:
        username = importlib.import_module("zeep.wsse.username")
        created = datetime.fromtimestamp((self._clock.wall_ns() + self.offset_ns) / NS, UTC).replace(microsecond=0)
        return username.UsernameToken(
            self._username, self._password or "", use_digest=True, created=created, zulu_timestamp=True
        )

    def _translate(self, error: BaseException, call: str) -> LamppostError:
        """What zeep or requests raised, as ours, with what a person can do about it."""
        if isinstance(error, LamppostError):
            return error
        if isinstance(error, requests.exceptions.SSLError):
            return CameraError(
                f"{self._place}: its certificate is not trusted; name the file of its issuer, or use http:// "
                "on a network you trust"
            )
        if isinstance(error, requests.RequestException | OSError):
            return SourceUnreachable(f"{self._place}: no ONVIF answer ({_short(error)}); check address, port and cable")
        subcodes = [getattr(name, "localname", "") for name in getattr(error, "subcodes", None) or ()]
        said = " ".join([str(getattr(error, "code", "")), *subcodes, str(error)])
        if getattr(error, "status_code", 0) in {401, 403} or any(word in said.lower() for word in _REFUSALS):
            return SourceRefused(f"{self._place}: user name or password refused at {call}; check both, and the clocks")
        return CameraError(f"{self._place}: {call} was not answered as ONVIF asks: {_short(error)}")


def _short(error: BaseException) -> str:
    if isinstance(error, requests.exceptions.Timeout):
        return "timed out"
    if isinstance(error, requests.exceptions.ConnectionError):
        reason = getattr(error.args[0], "reason", None) if error.args else None
        return plain(str(getattr(reason, "args", [error])[-1]).rpartition(": ")[2] or "no connection", 120)
    return plain(str(error), 160) or type(error).__name__
