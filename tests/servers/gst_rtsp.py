"""GStreamer's RTSP server, for tests; runs under the system's Python, which has gi.

Usage: gst_rtsp.py SETTINGS, a JSON object: port, username, password, live: [mount], files: {mount: {path, codec}}.
Prints the port it listens on, then serves until it is killed. Port 0 takes a free one.
"""

import json
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

LIVE = (
    "( videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=180,framerate=15/1"
    " ! x264enc tune=zerolatency key-int-max=15 bitrate=300 ! h264parse config-interval=1"
    " ! rtph264pay name=pay0 pt=96 )"
)
SOUND = (
    " audiotestsrc is-live=true freq=440 ! audio/x-raw,rate=8000,channels=1 ! audioconvert"
    " ! mulawenc ! rtppcmupay name=pay1 "
)
HANGS = LIVE[:-1].replace("is-live=true", "is-live=true num-buffers=60")
FILE = (
    '( filesrc location="{path}" ! qtdemux ! {kind}parse ! video/x-{kind},stream-format=byte-stream,alignment=au'
    " ! rtp{kind}pay config-interval=-1 name=pay0 pt=96 )"
)


def factory(launch: str, settings: dict, *, shared: bool) -> GstRtspServer.RTSPMediaFactory:
    made = GstRtspServer.RTSPMediaFactory()
    made.set_launch(launch)
    made.set_shared(shared)
    made.set_protocols(GstRtsp.RTSPLowerTrans.TCP | GstRtsp.RTSPLowerTrans.UDP)
    if settings.get("username"):
        permissions = GstRtspServer.RTSPPermissions()
        permissions.add_permission_for_role("user", "media.factory.access", True)
        permissions.add_permission_for_role("user", "media.factory.construct", True)
        made.set_permissions(permissions)
    return made


def digest(settings: dict) -> GstRtspServer.RTSPAuth:
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "user")
    auth = GstRtspServer.RTSPAuth()
    auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
    auth.add_digest(settings["username"], settings["password"], token)
    return auth


def main() -> None:
    settings = json.loads(sys.argv[1])
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(str(settings.get("port", 0)))
    if settings.get("username"):
        server.set_auth(digest(settings))
    mounts = server.get_mount_points()
    for path in settings.get("live", []):
        mounts.add_factory(path, factory(LIVE, settings, shared=True))
        mounts.add_factory(f"{path}-mulaw", factory(LIVE[:-1] + SOUND + ")", settings, shared=True))
        mounts.add_factory(f"{path}-hangs", factory(HANGS + SOUND + ")", settings, shared=False))
    for path, file in settings.get("files", {}).items():
        kind = "h265" if file["codec"] == "hevc" else "h264"
        mounts.add_factory(path, factory(FILE.format(kind=kind, path=file["path"]), settings, shared=False))
    if server.attach(None) == 0:
        sys.exit("cannot listen on that port")
    print(server.get_bound_port(), flush=True)  # noqa: T201 - this is how the fixture learns the port
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
