"""The words that records are made of: zlib takes them as known, and what rests of a track is half as large.

What was packed with a dictionary is unpacked with the same one, byte for byte (RFC 1950: the stream names it by its
checksum). So nothing here may change while stores exist that were written with it.
"""

from __future__ import annotations

_EVENT = (
    '{"start":{"id":"01","camera":"cam-","kind":"object_removed","kind":"static_change","kind":"vehicle_stopped","kind":'
    '"zone_left","kind":"loitering","kind":"occupancy","kind":"count","kind":"plate_read","kind":"tamper","kind":'
    '"scene_change","kind":"motion","kind":"audio","kind":"camera_event","kind":"object_left","kind":"zone_entered",'
    '"kind":"line_crossed","phase":"update","phase":"start","phase":"end","time":"2026-","start":"2026-","label":'
    '"person","score":0.8,"box":[0.4,0.5],"rule":"","zone":"","line":"","direction":"a_to_b","count":1,'
    '"severity":"alarm","severity":"info","attributes":{"colours":{}},"clock":{"offset_ms":,"synced":true}},'
    '"update":{"id":"01","end":{"id":"01","media":[],"tracks":["01"]}'
)
_TRACK = (
    '{"id":"01","camera":"cam-","final":false,"label":"animal","label":"bag","label":"two_wheeler","kind":"bicycle",'
    '"kind":"motorcycle","label":"vehicle","kind":"truck","kind":"bus","kind":"car","score":0.7,"start":"2026-",'
    '"final":true,"label":"person","kind":"person","score":0.8,"start":"2026-","end":"2026-","contour":[[0.4,0.5],[0.5,'
    '0.6],[0.3,0.4],[0.2,0.3]],"colours":{"vehicle":[["pink",0.1],["orange",0.2],["purple",0.1],["yellow",0.2],'
    '["grey",0.7]],"upper":[["green",0.6],["red",0.3],["brown",0.1],["blue",0.2],["white",0.8],["black",0.9]],'
    '"lower":[["grey",0.06],["blue",0.7],["brown",0.1],["white",0.8],["black",0.2]]},"lab":{"vehicle":[4],"upper":'
    '[42.1,58.3,33.9],"lower":[30.5,2.1,-1.4]},"colour_confidence":{"vehicle":0.8,"upper":0.8,"lower":0.8},'
    '"attributes":{},"speed":0.2,"speed_unit":"heights/s","direction":"NE","direction":"SW","direction":"NW",'
    '"direction":"SE","speed":1.2,"speed_unit":"m/s","direction":"S","bearing":90.0,"size":0.05,"size_m":[1.7,0.6],'
    '"dwell_s":3.0,"dwell":{"":1.0},"zones":[""],"plate":"","dwell":{},"zones":[],"media":[{"id":"01","kind":"sprite",'
    '"type":"image/webp","type":"image/png","bytes":1,"width":320,"height":180},{"id":"01","kind":"snapshot","type":'
    '"image/jpeg","bytes":9},{"id":"01","kind":"snapshot","type":"image/jpeg","bytes":1}],"position":"home",'
    '"clock":{"offset_ms":-1.0,"synced":true}}'
)
DICTIONARY = (_EVENT + _TRACK).encode()
"""What is met most stands last: zlib finds it by the shortest way."""
