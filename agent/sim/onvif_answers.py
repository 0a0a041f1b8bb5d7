"""What the virtual camera answers: the bodies of its SOAP messages (ONVIF Device and Media services)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote
from xml.sax.saxutils import escape

from agent.core.clock import NS

DEVICE = "http://www.onvif.org/ver10/device/wsdl"
MEDIA = "http://www.onvif.org/ver10/media/wsdl"
PTZ = "http://www.onvif.org/ver20/ptz/wsdl"

_ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
    f'xmlns:tds="{DEVICE}" xmlns:trt="{MEDIA}" xmlns:tt="http://www.onvif.org/ver10/schema" '
    'xmlns:ter="http://www.onvif.org/ver10/error"><s:Body>{body}</s:Body></s:Envelope>'
)
_ENCODINGS = {"h264": "H264", "mjpeg": "JPEG", "mpeg4": "MPEG4", "hevc": "H265"}


@dataclass(frozen=True, slots=True)
class VirtualIdentity:
    """Who the virtual camera says it is. Its hardware address is its serial number, as with Axis."""

    name: str
    serial: str  # 12 hex digits
    manufacturer: str = "AXIS"
    model: str = "Virtual P3245"
    firmware: str = "12.0.0"
    hardware: str = "7A0"

    @property
    def mac(self) -> str:
        """`b8a44f001122` as `B8:A4:4F:00:11:22`."""
        return ":".join(self.serial.upper()[at : at + 2] for at in range(0, 12, 2))


@dataclass(frozen=True, slots=True)
class VirtualProfile:
    """One media profile. `codec` is FFmpeg's name, sizes in px."""

    token: str
    name: str
    width: int
    height: int
    fps: float
    codec: str
    rtsp_url: str


def envelope(body: str) -> bytes:
    """A whole SOAP 1.2 message."""
    return _ENVELOPE.format(body=body).encode()


def fault(code: str, subcode: str, reason: str) -> bytes:
    """A SOAP fault; `code` is Sender or Receiver, `subcode` ONVIF's (ter:NotAuthorized)."""
    return envelope(
        f"<s:Fault><s:Code><s:Value>s:{code}</s:Value><s:Subcode><s:Value>{subcode}</s:Value></s:Subcode></s:Code>"
        f'<s:Reason><s:Text xml:lang="en">{escape(reason)}</s:Text></s:Reason></s:Fault>'
    )


def system_date_and_time(wall_ns: int) -> str:
    """GetSystemDateAndTime, whole seconds."""
    now = datetime.fromtimestamp(wall_ns / NS, UTC)
    clock = (
        f"<tt:Time><tt:Hour>{now.hour}</tt:Hour><tt:Minute>{now.minute}</tt:Minute><tt:Second>{now.second}</tt:Second>"
        f"</tt:Time><tt:Date><tt:Year>{now.year}</tt:Year><tt:Month>{now.month}</tt:Month><tt:Day>{now.day}</tt:Day>"
        "</tt:Date>"
    )
    return (
        "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>NTP</tt:DateTimeType>"
        "<tt:DaylightSavings>false</tt:DaylightSavings><tt:TimeZone><tt:TZ>UTC0</tt:TZ></tt:TimeZone>"
        f"<tt:UTCDateTime>{clock}</tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
    )


def device_information(who: VirtualIdentity) -> str:
    """GetDeviceInformation."""
    fields = {
        "Manufacturer": who.manufacturer,
        "Model": who.model,
        "FirmwareVersion": who.firmware,
        "SerialNumber": who.serial.upper(),
        "HardwareId": who.hardware,
    }
    inner = "".join(f"<tds:{name}>{escape(value)}</tds:{name}>" for name, value in fields.items())
    return f"<tds:GetDeviceInformationResponse>{inner}</tds:GetDeviceInformationResponse>"


def capabilities(device_url: str, media_url: str) -> str:
    """GetCapabilities."""
    return (
        "<tds:GetCapabilitiesResponse><tds:Capabilities>"
        f"<tt:Device><tt:XAddr>{escape(device_url)}</tt:XAddr></tt:Device>"
        f"<tt:Media><tt:XAddr>{escape(media_url)}</tt:XAddr><tt:StreamingCapabilities>"
        "<tt:RTPMulticast>false</tt:RTPMulticast><tt:RTP_TCP>true</tt:RTP_TCP><tt:RTP_RTSP_TCP>true</tt:RTP_RTSP_TCP>"
        "</tt:StreamingCapabilities></tt:Media></tds:Capabilities></tds:GetCapabilitiesResponse>"
    )


def services(device_url: str, media_url: str) -> str:
    """GetServices."""
    inner = "".join(
        f"<tds:Service><tds:Namespace>{space}</tds:Namespace><tds:XAddr>{escape(url)}</tds:XAddr>"
        "<tds:Version><tt:Major>2</tt:Major><tt:Minor>60</tt:Minor></tds:Version></tds:Service>"
        for space, url in ((DEVICE, device_url), (MEDIA, media_url))
    )
    return f"<tds:GetServicesResponse>{inner}</tds:GetServicesResponse>"


def scope_list(who: VirtualIdentity) -> list[str]:
    """The scopes, as discovery and GetScopes say them (percent-encoded)."""
    root = "onvif://www.onvif.org"
    encoded = {"name": who.name, "hardware": who.model, "MacAddress": who.mac, "SerialNumber": who.serial.upper()}
    named = [f"{root}/{kind}/{quote(value, safe='')}" for kind, value in encoded.items()]
    return [f"{root}/type/video_encoder", f"{root}/Profile/Streaming", *named]


def scopes(who: VirtualIdentity) -> str:
    """GetScopes."""
    inner = "".join(
        f"<tds:Scopes><tt:ScopeDef>Fixed</tt:ScopeDef><tt:ScopeItem>{escape(scope)}</tt:ScopeItem></tds:Scopes>"
        for scope in scope_list(who)
    )
    return f"<tds:GetScopesResponse>{inner}</tds:GetScopesResponse>"


def network_interfaces(who: VirtualIdentity, host: str) -> str:
    """GetNetworkInterfaces."""
    return (
        '<tds:GetNetworkInterfacesResponse><tds:NetworkInterfaces token="eth0"><tt:Enabled>true</tt:Enabled><tt:Info>'
        f"<tt:Name>eth0</tt:Name><tt:HwAddress>{who.mac}</tt:HwAddress><tt:MTU>1500</tt:MTU></tt:Info><tt:IPv4>"
        f"<tt:Enabled>true</tt:Enabled><tt:Config><tt:Manual><tt:Address>{escape(host)}</tt:Address>"
        "<tt:PrefixLength>24</tt:PrefixLength></tt:Manual><tt:DHCP>false</tt:DHCP></tt:Config></tt:IPv4>"
        "</tds:NetworkInterfaces></tds:GetNetworkInterfacesResponse>"
    )


def profiles(offered: tuple[VirtualProfile, ...]) -> str:
    """GetProfiles."""
    return f"<trt:GetProfilesResponse>{''.join(map(_profile, offered))}</trt:GetProfilesResponse>"


def _profile(one: VirtualProfile) -> str:
    token = escape(one.token, {'"': "&quot;"})
    return (
        f'<trt:Profiles token="{token}" fixed="true"><tt:Name>{escape(one.name)}</tt:Name>'
        f'<tt:VideoEncoderConfiguration token="{token}-encoder"><tt:Name>{escape(one.name)}</tt:Name>'
        f"<tt:UseCount>1</tt:UseCount><tt:Encoding>{_ENCODINGS.get(one.codec, one.codec.upper())}</tt:Encoding>"
        f"<tt:Resolution><tt:Width>{one.width}</tt:Width><tt:Height>{one.height}</tt:Height></tt:Resolution>"
        f"<tt:Quality>70</tt:Quality><tt:RateControl><tt:FrameRateLimit>{one.fps:.0f}</tt:FrameRateLimit>"
        "<tt:EncodingInterval>1</tt:EncodingInterval><tt:BitrateLimit>0</tt:BitrateLimit></tt:RateControl>"
        "<tt:SessionTimeout>PT60S</tt:SessionTimeout></tt:VideoEncoderConfiguration></trt:Profiles>"
    )


def uri(call: str, address: str) -> str:
    """GetStreamUri, GetSnapshotUri."""
    return (
        f"<trt:{call}Response><trt:MediaUri><tt:Uri>{escape(address)}</tt:Uri>"
        "<tt:InvalidAfterConnect>false</tt:InvalidAfterConnect><tt:InvalidAfterReboot>false</tt:InvalidAfterReboot>"
        f"<tt:Timeout>PT60S</tt:Timeout></trt:MediaUri></trt:{call}Response>"
    )
