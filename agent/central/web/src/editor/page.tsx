/** What a camera looks out for: its zones, lines, masks and rules on the live picture, kept by the centre. */

import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import * as api from "../api/client";
import type { Camera, CameraName, CameraSettings } from "../api/types";
import { useCell } from "../cell";
import { EventStrip } from "../events/strip";
import { LivePicture } from "../live/picture";
import { cameras as allCameras, sameCamera } from "../news";
import { Link } from "../router";
import { session } from "../session";
import { failureLine, text } from "../text";
import { Moment } from "../time/time";
import { Empty } from "../ui/empty";
import { Icon } from "../ui/icon";
import { Canvas } from "./canvas";
import { type Draft, draftOf, freshName, mistakeOf, type Points, renamed, sameSettings, settingsOf, type ShapeKind, without } from "./draft";
import { RuleList } from "./rules";
import { ShapeList } from "./shapes";
import { StillPart } from "./still";

export function EditorPage({ name }: { name: CameraName }): JSX.Element {
  const cameras = useCell(allCameras);
  const camera = cameras?.find((other) => sameCamera(other, name));
  const [told, tell] = useState<CameraSettings>();
  const [failure, fail] = useState("");
  const key = `${name.site}/${name.gateway}/${name.camera}`;
  useEffect(() => {
    api.settings(name).then(tell, (error: unknown) => fail(failureLine(error)));
  }, [key]);
  if (failure || (cameras && !camera)) {
    return (
      <div class="page">
        <Empty icon="camera" title={text.live.unknown} more={failure || text.live.unknownMore}>
          <Link class="button" href="/">
            {text.live.back}
          </Link>
        </Empty>
      </div>
    );
  }
  if (!camera || !told) return <Waiting />;
  return <Editor key={key} camera={camera} told={told} tell={tell} />;
}

const Waiting = () => (
  <div class="page full-page editor-page" role="status" aria-label={text.loading}>
    <header class="page-head">
      <div class="skeleton bar short" />
    </header>
    <div class="live-body">
      <div class="stage-column">
        <div class="stage skeleton" />
      </div>
      <aside class="strip panel">
        {[0, 1, 2, 3].map((i) => (
          <div key={i} class="skeleton bar" />
        ))}
      </aside>
    </div>
  </div>
);

interface EditorProps {
  camera: Camera;
  told: CameraSettings;
  tell: (told: CameraSettings) => void;
}

type Side = "shapes" | "rules" | "events";

function Editor({ camera, told, tell }: EditorProps): JSX.Element {
  const who = useCell(session);
  const readOnly = who.state !== "in" || who.me.role !== "admin";
  const [draft, set] = useState<Draft>(() => draftOf(told.in_force, told.set_here));
  const [chosen, choose] = useState<number>();
  const [drawing, draw] = useState<ShapeKind>();
  const [side, turn] = useState<Side>("shapes");
  const [saving, setSaving] = useState(false);
  const [failure, fail] = useState("");
  const wanted = useMemo(() => settingsOf(draft, told.in_force, told.set_here), [draft, told]);
  const dirty = !sameSettings(wanted, told.set_here);
  const wrong = mistakeOf(draft);
  const hear = useCurrent((now: CameraSettings) => {
    if (!dirty) set(draftOf(now.in_force, now.set_here));
    tell(now);
  });
  useWatch(camera, told, hear);
  useLeaveGuard(dirty);

  const save = async (settings: Readonly<Record<string, unknown>>) => {
    setSaving(true);
    fail("");
    try {
      tell(await api.setSettings(camera, settings, told.version));
      if (settings !== wanted) set(draftOf(told.in_force, settings));
    } catch (error) {
      fail(error instanceof api.ApiError && error.code === "conflict" ? text.editor.conflict : failureLine(error));
    } finally {
      setSaving(false);
    }
  };
  const drawn = (points: Points | undefined) => {
    if (points && drawing) {
      const named = drawing === "zone" || drawing === "line" ? freshName(draft.shapes, drawing) : "";
      set({ ...draft, shapes: [...draft.shapes, { kind: drawing, name: named, points, locked: false }] });
      choose(draft.shapes.length);
    }
    draw(undefined);
  };
  const stream = camera.streams[0];
  return (
    <div class="page full-page editor-page">
      <header class="page-head">
        <Link class="button quiet icon-only" href={`/live/${camera.site}/${camera.gateway}/${camera.camera}`} aria-label={text.editor.back} title={text.editor.back}>
          <Icon name="back" />
        </Link>
        <h1>{text.editor.title(camera.name)}</h1>
        <span class="spring" />
        <StateOf told={told} dirty={dirty} />
        {!readOnly && (
          <>
            <button type="button" class="button" disabled={!dirty || saving} onClick={() => set(draftOf(told.in_force, told.set_here))}>
              {text.editor.discard}
            </button>
            <button type="button" class="button primary" disabled={!dirty || saving || !!wrong} onClick={() => void save(wanted)} data-testid="save">
              {saving ? text.editor.saving : text.editor.save}
            </button>
          </>
        )}
      </header>
      {failure && (
        <p class="editor-failure bad-text" role="alert">
          {failure}
        </p>
      )}
      <div class="live-body">
        <div class="stage-column">
          <div class="stage" data-testid="stage">
            <LivePicture camera={camera} stream="sub" boxes={side === "events"} />
            <Canvas
              width={stream?.width ?? 16}
              height={stream?.height ?? 9}
              shapes={draft.shapes}
              chosen={chosen}
              choose={choose}
              change={(index, points) => set((old) => ({ ...old, shapes: old.shapes.map((one, i) => (i === index ? { ...one, points } : one)) }))}
              drawing={drawing}
              drawn={drawn}
              readOnly={readOnly}
            />
          </div>
          <p class="stage-bar sub" role="status">
            {drawing ? text.editor.howDraw[drawing === "line" ? "line" : "area"] : readOnly ? text.editor.readOnly : text.editor.howChange}
          </p>
        </div>
        <aside class="strip panel">
          <div class="segmented" role="group" aria-label={text.editor.sides}>
            {(["shapes", "rules", "events"] as const).map((one) => (
              <button key={one} type="button" aria-pressed={side === one} onClick={() => turn(one)} data-testid={`side-${one}`}>
                {text.editor.side[one]}
              </button>
            ))}
          </div>
          <div class="editor-side">
            {side === "shapes" && (
              <ShapeList
                shapes={draft.shapes}
                chosen={chosen}
                wrong={wrong}
                choose={choose}
                rename={(index, name) => set((old) => renamed(old, index, name))}
                remove={(index) => {
                  set((old) => without(old, index));
                  choose(undefined);
                }}
                draw={(kind) => draw(drawing === kind ? undefined : kind)}
                drawing={drawing}
                readOnly={readOnly}
              />
            )}
            {side === "rules" && (
              <>
                <RuleList rules={draft.rules} shapes={draft.shapes} change={(rules) => set((old) => ({ ...old, rules }))} readOnly={readOnly} />
                <StillPart still={draft.still} change={(still) => set((old) => ({ ...old, still }))} readOnly={readOnly} />
                {!readOnly && Object.keys(told.set_here).length > 0 && (
                  <button type="button" class="button" disabled={saving} onClick={() => void save({})}>
                    {text.editor.toFile}
                  </button>
                )}
              </>
            )}
            {side === "events" && <EventStrip most={30} camera={camera} empty={text.live.noEvents} />}
          </div>
        </aside>
      </div>
    </div>
  );
}

/** Whether it counts already. */
function StateOf({ told, dirty }: { told: CameraSettings; dirty: boolean }): JSX.Element {
  if (dirty) return <span class="tag warn">{text.editor.unsaved}</span>;
  const tone = { in_force: "ok", waiting: "warn", refused: "bad", never_set: "" }[told.state];
  return (
    <span class="editor-state">
      <span class={`tag ${tone}`} data-testid="settings-state">
        {text.editor.states[told.state]}
      </span>
      {told.error ? <span class="bad-text">{told.error}</span> : told.time && <span class="sub">{text.editor.by(told.by)} <Moment at={told.time} /></span>}
    </span>
  );
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

function useLeaveGuard(dirty: boolean): void {
  useEffect(() => {
    if (!dirty) return undefined;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [dirty]);
}
