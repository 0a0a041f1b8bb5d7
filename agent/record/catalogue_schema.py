"""The catalogue's tables. All of it can be made again from the files (`rebuild`).

`unlisted` never has a row: it is there from the first moment until all that lies in the files is listed. A kill in
between must not let a catalogue pass for a whole one that was only begun.
"""

SCHEMA = """
CREATE TABLE segment (
  n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, camera TEXT NOT NULL, stream TEXT NOT NULL, epoch TEXT NOT NULL,
  tier INTEGER NOT NULL, path TEXT NOT NULL,
  start_ns INTEGER NOT NULL, end_ns INTEGER NOT NULL, shift_ns INTEGER NOT NULL, media_ns INTEGER NOT NULL,
  bytes INTEGER NOT NULL, packets INTEGER NOT NULL, reason TEXT NOT NULL, sha256 TEXT NOT NULL, codecs TEXT NOT NULL,
  key INTEGER NOT NULL, base INTEGER NOT NULL, tick TEXT NOT NULL, time_source TEXT NOT NULL, offset_ns INTEGER,
  boot TEXT NOT NULL, mono_ns INTEGER NOT NULL, synced INTEGER,
  number INTEGER NOT NULL, previous TEXT NOT NULL, link TEXT NOT NULL, wanted INTEGER NOT NULL,
  held INTEGER NOT NULL DEFAULT 0, garbage INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX segment_in_chain ON segment (camera, number);
CREATE INDEX segment_by_time ON segment (camera, start_ns, end_ns) WHERE garbage = 0;
CREATE INDEX segment_by_tier ON segment (tier, start_ns) WHERE garbage = 0;
CREATE INDEX segment_free_of_camera ON segment (camera, tier, number) WHERE garbage = 0 AND held = 0;
CREATE INDEX segment_held_bytes ON segment (tier, camera, bytes, garbage, held) WHERE garbage = 0 AND held = 1;
CREATE INDEX segment_unwanted ON segment (camera, start_ns)
  WHERE garbage = 0 AND held = 0 AND wanted = 0;
CREATE INDEX segment_shifted ON segment (camera, number) WHERE shift_ns <> 0;
CREATE INDEX segment_garbage ON segment (n) WHERE garbage = 1;

CREATE TABLE total (
  camera TEXT NOT NULL, tier INTEGER NOT NULL, segments INTEGER NOT NULL, bytes INTEGER NOT NULL,
  PRIMARY KEY (camera, tier)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER segment_in AFTER INSERT ON segment BEGIN
  INSERT INTO total VALUES (new.camera, new.tier, 1, new.bytes)
    ON CONFLICT DO UPDATE SET segments = segments + 1, bytes = bytes + new.bytes;
END;
CREATE TRIGGER segment_out AFTER DELETE ON segment BEGIN
  UPDATE total SET segments = segments - 1, bytes = bytes - old.bytes WHERE camera = old.camera AND tier = old.tier;
END;
CREATE TRIGGER segment_moved AFTER UPDATE OF tier ON segment WHEN new.tier <> old.tier BEGIN
  UPDATE total SET segments = segments - 1, bytes = bytes - old.bytes WHERE camera = old.camera AND tier = old.tier;
  INSERT INTO total VALUES (new.camera, new.tier, 1, new.bytes)
    ON CONFLICT DO UPDATE SET segments = segments + 1, bytes = bytes + new.bytes;
END;

CREATE TABLE chain (camera TEXT PRIMARY KEY, number INTEGER NOT NULL, link TEXT NOT NULL) STRICT;
CREATE TABLE tombstone (
  camera TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, statement TEXT NOT NULL,
  PRIMARY KEY (camera, first)
) STRICT, WITHOUT ROWID;
CREATE INDEX tombstone_by_last ON tombstone (camera, last);

CREATE TABLE journal (
  one INTEGER PRIMARY KEY CHECK (one = 1), number INTEGER NOT NULL, link TEXT NOT NULL
) STRICT;

CREATE TABLE hold (
  id TEXT NOT NULL, camera TEXT NOT NULL, start_ns INTEGER NOT NULL, end_ns INTEGER NOT NULL, until_ns INTEGER,
  PRIMARY KEY (id, camera)
) STRICT, WITHOUT ROWID;
CREATE INDEX hold_by_camera ON hold (camera);
CREATE TRIGGER segment_held AFTER INSERT ON segment
  WHEN EXISTS (
    SELECT 1 FROM hold WHERE camera = new.camera AND start_ns < new.end_ns AND end_ns > new.start_ns
  ) BEGIN
  UPDATE segment SET held = 1 WHERE n = new.n;
END;
CREATE TRIGGER segment_held_later AFTER UPDATE OF start_ns, end_ns ON segment
  WHEN new.held = 0 AND EXISTS (
    SELECT 1 FROM hold WHERE camera = new.camera AND start_ns < new.end_ns AND end_ns > new.start_ns
  ) BEGIN
  UPDATE segment SET held = 1 WHERE n = new.n;
END;

CREATE TABLE wanted (
  id TEXT PRIMARY KEY, camera TEXT NOT NULL, start_ns INTEGER NOT NULL, end_ns INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX wanted_by_camera ON wanted (camera, start_ns);
CREATE TRIGGER segment_wanted AFTER INSERT ON segment
  WHEN new.wanted = 0 AND EXISTS (
    SELECT 1 FROM wanted
    WHERE camera = new.camera AND (end_ns IS NULL OR (start_ns < new.end_ns AND end_ns > new.start_ns))
  ) BEGIN
  UPDATE segment SET wanted = 1 WHERE n = new.n;
END;

CREATE TABLE correction (
  boot TEXT NOT NULL, from_mono_ns INTEGER NOT NULL, to_mono_ns INTEGER NOT NULL, shift_ns INTEGER NOT NULL,
  told INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (boot, from_mono_ns)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER segment_corrected AFTER INSERT ON segment
  WHEN new.synced IS NOT 1 AND new.shift_ns = 0 BEGIN
  UPDATE segment SET start_ns = start_ns + c.shift_ns, end_ns = end_ns + c.shift_ns, shift_ns = c.shift_ns
    FROM correction AS c
    WHERE n = new.n AND c.boot = new.boot AND new.mono_ns >= c.from_mono_ns AND new.mono_ns < c.to_mono_ns;
END;

CREATE TABLE unlisted (one INTEGER PRIMARY KEY) STRICT;
PRAGMA user_version = 1;
"""
