"""The virtual camera against onvif-zeep's own client, untouched by our adapter: what it speaks is ONVIF."""

from __future__ import annotations

import datetime as dt
import importlib
import logging
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import requests

from agent.core.clock import SystemClock
from agent.sim.onvif import VirtualOnvif
from agent.sim.onvif_answers import VirtualIdentity, VirtualProfile

IDENTITY = VirtualIdentity(name="Plaza north", serial="b8a44f001122")
MAIN = VirtualProfile("main", "Main", 1280, 720, 15, "h264", "rtsp://127.0.0.1:8554/axis-media/media.amp?a=1&b=2")
SUB = VirtualProfile("sub", "Sub", 640, 360, 10, "h264", "rtsp://127.0.0.1:8554/sub")


@pytest.fixture
def device() -> Iterator[VirtualOnvif]:
    device = VirtualOnvif(
        IDENTITY, [MAIN, SUB], "viewer", "light", SystemClock(), snapshot=lambda token: b"\xff\xd8" + token.encode()
    )
    device.start()
    yield device
    device.close()


@pytest.fixture
def onvif() -> ModuleType:
    """The library, whose import would otherwise set up logging for the whole test run."""
    handlers = list(logging.getLogger().handlers)
    library = importlib.import_module("onvif")
    logging.getLogger().handlers[:] = handlers
    return library


def camera_of(onvif: ModuleType, device: VirtualOnvif, password: str = "light"):
    wsdl = Path(onvif.__file__).parents[1] / "wsdl"
    return onvif.ONVIFCamera("127.0.0.1", device.port, "viewer", password, str(wsdl), no_cache=True)


@pytest.mark.filterwarnings("ignore:.*utcnow")
def test_onvif_zeeps_own_client_reads_everything(device: VirtualOnvif, onvif: ModuleType) -> None:
    camera = camera_of(onvif, device)
    assert camera.devicemgmt.GetDeviceInformation().SerialNumber == "B8A44F001122"
    assert [scope.ScopeItem for scope in camera.devicemgmt.GetScopes()][2] == "onvif://www.onvif.org/name/Plaza%20north"
    assert camera.devicemgmt.GetNetworkInterfaces()[0].Info.HwAddress == "b8:a4:4f:00:11:22".upper()
    media = camera.create_media_service()
    main, sub = media.GetProfiles()
    assert (main.token, sub.VideoEncoderConfiguration.Resolution.Width) == ("main", 640)
    setup = {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}
    assert media.GetStreamUri({"StreamSetup": setup, "ProfileToken": "main"}).Uri == MAIN.rtsp_url
    picture = media.GetSnapshotUri({"ProfileToken": "sub"}).Uri
    with requests.Session() as session:
        session.trust_env = False
        assert session.get(picture).status_code == 401
        assert session.get(picture, auth=requests.auth.HTTPDigestAuth("viewer", "light")).content == b"\xff\xd8sub"


@pytest.mark.filterwarnings("ignore:.*utcnow")
def test_a_wrong_password_is_a_fault(device: VirtualOnvif, onvif: ModuleType) -> None:
    camera = camera_of(onvif, device, "dark")
    with pytest.raises(onvif.ONVIFError, match="wrong user name or password"):
        camera.devicemgmt.GetDeviceInformation()


def test_the_time_is_told_to_everybody(device: VirtualOnvif, onvif: ModuleType) -> None:
    utc = camera_of(onvif, device, "dark").devicemgmt.GetSystemDateAndTime().UTCDateTime
    said = dt.datetime(utc.Date.Year, utc.Date.Month, utc.Date.Day, utc.Time.Hour, utc.Time.Minute, tzinfo=dt.UTC)
    assert abs((dt.datetime.now(dt.UTC) - said).total_seconds()) < 180


@pytest.mark.parametrize("body", [b"", b"<", b"<a/>", b"<!DOCTYPE a []><a/>", b"\xff" * 100])
def test_what_is_no_call_is_refused(device: VirtualOnvif, body: bytes) -> None:
    with requests.Session() as session:
        session.trust_env = False
        assert session.post(device.url, data=body).status_code in {400, 413}
