/** The draft of a camera's settings, and how it is kept at the centre, beside others who may change the same camera. */

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import * as api from "../api/client";
import type { Camera, CameraSettings } from "../api/types";
import { keepHere } from "../router";
import { failureLine } from "../text";
import { rebased } from "./differ";
import { type Draft, draftOf, mistakeOf, sameSettings, setElsewhere, type Settings, settingsOf } from "./draft";

/** Another camera of the same gateway may be set at the same time: that makes a new version, and changes nothing here. */
const TRIES = 3;

export interface Keeping {
  draft: Draft;
  set: (change: (draft: Draft) => Draft) => void;
  dirty: boolean;
  wrong: ReturnType<typeof mistakeOf>;
  saving: boolean;
  failure: string;
  /** what somebody else has set meanwhile, until one says which counts */
  theirs: CameraSettings | undefined;
  /** true when it is kept */
  save: () => Promise<boolean>;
  discard: () => void;
  toFile: () => Promise<boolean>;
  takeTheirs: () => void;
  keepMine: () => Promise<boolean>;
}

const drawnFrom = (told: CameraSettings): Draft => draftOf(told.in_force, told.set_here);

export function useKeeping(camera: Camera, told: CameraSettings, tell: (told: CameraSettings) => void): Keeping {
  const [draft, setDraft] = useState<Draft>(() => drawnFrom(told));
  const [theirs, setTheirs] = useState<CameraSettings>();
  const [saving, setSaving] = useState(false);
  const [failure, fail] = useState("");
  const wanted = useMemo(() => settingsOf(draft, told.in_force, told.set_here), [draft, told]);
  const dirty = !sameSettings(wanted, told.set_here);
  const hear = useCurrent((now: CameraSettings) => {
    if (now.version < told.version) return; // asked for before ours was kept
    if (dirty && !sameSettings(now.set_here, told.set_here)) return setTheirs(now);
    if (!dirty) setDraft(drawnFrom(now));
    tell(now);
  });
  useWatch(camera, told, hear);

  const put = async (settings: Settings, seen: CameraSettings): Promise<boolean> => {
    setSaving(true);
    fail("");
    try {
      const kept = await keptOrTheirs(camera, settings, seen);
      if ("theirs" in kept) setTheirs(kept.theirs);
      else tell(kept.told);
      return "told" in kept;
    } catch (error) {
      fail(failureLine(error));
      return false;
    } finally {
      setSaving(false);
    }
  };
  const begin = (from: CameraSettings, next: Draft) => {
    setDraft(next);
    tell(from);
    setTheirs(undefined);
  };
  return {
    draft,
    set: setDraft,
    dirty,
    wrong: mistakeOf(draft),
    saving,
    failure,
    theirs,
    save: () => put(wanted, told),
    discard: () => setDraft(drawnFrom(told)),
    toFile: async () => {
      const rest = setElsewhere(told.set_here);
      const kept = await put(rest, told);
      if (kept) setDraft(draftOf(told.in_force, rest));
      return kept;
    },
    takeTheirs: () => theirs && begin(theirs, drawnFrom(theirs)),
    keepMine: async () => {
      if (!theirs) return false;
      const both = rebased(draft, drawnFrom(told), drawnFrom(theirs));
      begin(theirs, both);
      return put(settingsOf(both, theirs.in_force, theirs.set_here), theirs);
    },
  };
}

/** Kept; or what somebody else has set of this very camera since `seen`. */
async function keptOrTheirs(camera: Camera, settings: Settings, seen: CameraSettings): Promise<{ told: CameraSettings } | { theirs: CameraSettings }> {
  for (let tries = 1; ; tries += 1) {
    try {
      return { told: await api.setSettings(camera, settings, seen.version) };
    } catch (error) {
      if (!(error instanceof api.ApiError) || error.code !== "conflict" || tries === TRIES) throw error;
    }
    const now = await api.settings(camera);
    if (!sameSettings(now.set_here, seen.set_here)) return { theirs: now };
    seen = now;
  }
}

const LOOK_MS = 1_000;
/** A gateway that has taken them tells what is in force only a moment later. */
const LOOKS_AFTER = 5;

/** Until the gateway has said whether it takes them, and what is in force then. */
function useWatch(camera: Camera, told: CameraSettings, hear: { current: (told: CameraSettings) => void }): void {
  useEffect(() => {
    let looks = 0;
    const timer = setInterval(() => {
      looks += 1;
      if (told.state !== "waiting" && looks >= LOOKS_AFTER) clearInterval(timer);
      api.settings(camera).then((now) => hear.current(now), () => undefined);
    }, LOOK_MS);
    return () => clearInterval(timer);
  }, [told.state, told.version]);
}

/** The newest of a function that changes with every drawing. */
function useCurrent<T>(now: T): { current: T } {
  const held = useRef(now);
  held.current = now;
  return held;
}

/** What is drawn is not lost without a question: neither in the viewer nor to the browser. `onward` goes where one wanted to go. */
export function useLeaveGuard(dirty: boolean): [onward: (() => void) | undefined, stay: () => void] {
  const [onward, ask] = useState<() => void>();
  // before the next press of a key can be heard: an effect of the usual kind waits for a picture
  useLayoutEffect(() => {
    if (!dirty) return undefined;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", warn);
    const letGo = keepHere((go) => ask(() => go));
    return () => {
      window.removeEventListener("beforeunload", warn);
      letGo();
    };
  }, [dirty]);
  return [onward, () => ask(undefined)];
}
