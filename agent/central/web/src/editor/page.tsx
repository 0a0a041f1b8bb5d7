/** What a camera looks out for: its zones, lines, masks and rules on the live picture, kept by the centre. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import * as api from "../api/client";
import type { Camera, CameraName, CameraSettings } from "../api/types";
import { useCell } from "../cell";
import { wallOf } from "../live/paths";
import { LivePicture } from "../live/picture";
import { livePath } from "../live/tile";
import { cameras as allCameras, refetch, sameCamera } from "../news";
import { Link, useAddress } from "../router";
import { session } from "../session";
import { failureLine, text } from "../text";
import { Moment } from "../time/time";
import { Empty } from "../ui/empty";
import { Icon } from "../ui/icon";
import { Canvas } from "./canvas";
import { type Draft, draftOf, freshName, type Points, renamed, type ShapeKind, without } from "./draft";
import { Happened, type HappenedProps } from "./happened";
import { useKeeping } from "./keeping";
import { ruleAbout, titleOf } from "./kinds";
import { Clash, LeaveQuestion, ToFile } from "./questions";
import { RuleList } from "./rules";
import { ShapeList } from "./shapes";
import { StillPart } from "./still";
import { isMute, subjectOf } from "./subject";

export function EditorPage({ name }: { name: CameraName }): JSX.Element {
  return <Told key={`${name.site}/${name.gateway}/${name.camera}`} name={name} />;
}

function Told({ name }: { name: CameraName }): JSX.Element {
  const cameras = useCell(allCameras);
  const camera = cameras?.find((other) => sameCamera(other, name));
  const [told, tell] = useState<CameraSettings>();
  const [failure, fail] = useState<unknown>();
  const generation = useCell(refetch);
  useEffect(() => {
    if (!told) api.settings(name).then(tell, fail);
  }, [generation]);
  const unknown = (failure instanceof api.ApiError && failure.code === "not_found") || (cameras && !camera);
  if (unknown || (failure && !told)) {
    return (
      <div class="page">
        <Empty icon="camera" title={unknown ? text.live.unknown : text.editor.notTold} more={failure ? failureLine(failure) : text.live.unknownMore}>
          <Link class="button" href="/">
            {text.live.back}
          </Link>
        </Empty>
      </div>
    );
  }
  if (!camera || !told) return <Waiting />;
  return <Editor camera={camera} told={told} tell={tell} />;
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

type Side = "shapes" | "rules";

function Editor({ camera, told, tell }: EditorProps): JSX.Element {
  const who = useCell(session);
  const readOnly = who.state !== "in" || who.me.role !== "admin";
  const keeping = useKeeping(camera, told, tell);
  const { draft, set, dirty, wrong, saving, failure, theirs } = keeping;
  const [chosen, choose] = useState<number>();
  const [rule, chooseRule] = useState<number>();
  const [drawing, draw] = useState<ShapeKind>();
  const [fresh, setFresh] = useState<number>();
  const [side, turn] = useState<Side>("shapes");
  const [boxes, setBoxes] = useState(false);
  const { query } = useAddress();
  const drawn = (points: Points | undefined) => {
    if (points && drawing) {
      const named = drawing === "zone" || drawing === "line" ? freshName(draft.shapes, drawing) : "";
      set((old) => ({ ...old, shapes: [...old.shapes, { kind: drawing, name: named, points, locked: false }] }));
      choose(draft.shapes.length);
      setFresh(draft.shapes.length);
    }
    draw(undefined);
  };
  const turnTo = (next: Side) => {
    turn(next);
    setFresh(undefined);
  };
  const addRule = (kind: string, { kind: of, name }: { kind: "zone" | "line"; name: string }) => {
    set((old) => ({ ...old, rules: [...old.rules, ruleAbout(kind, of, name)] }));
    chooseRule(draft.rules.length);
    turnTo("rules");
  };
  const subject = subjectOf(draft, side, rule, chosen);
  const change = (index: number, points: Points) => set((old) => ({ ...old, shapes: old.shapes.map((one, i) => (i === index ? { ...one, points } : one)) }));
  const lookAt = (index: number | undefined) => {
    chooseRule(index);
    choose(index === undefined ? undefined : shapeOf(draft, index));
  };
  const stream = camera.streams[0];
  return (
    <div class="page full-page editor-page">
      <header class="page-head">
        <Link class="button quiet icon-only" href={`${livePath(camera)}${wallOf(query)}`} aria-label={text.editor.back} title={text.editor.back}>
          <Icon name="back" />
        </Link>
        <h1>{text.editor.title(camera.name)}</h1>
        <span class="spring" />
        <StateOf told={told} dirty={dirty} />
        {!readOnly && (
          <>
            <button type="button" class="button" disabled={!dirty || saving} onClick={keeping.discard}>
              {text.editor.discard}
            </button>
            <button type="button" class="button primary" disabled={!dirty || saving || !!wrong || !!theirs} onClick={() => void keeping.save()} data-testid="save">
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
      <Clash told={told} keeping={keeping} />
      <LeaveQuestion keeping={keeping} />
      <div class="live-body">
        <div class="stage-column">
          <div class="stage" data-testid="stage">
            <LivePicture camera={camera} stream="sub" boxes={boxes} />
            <Canvas width={stream?.width ?? 16} height={stream?.height ?? 9} shapes={draft.shapes} chosen={chosen} choose={choose} change={change} drawing={drawing} drawn={drawn} readOnly={readOnly} />
          </div>
          <div class="stage-bar sub">
            <p role="status">{drawing ? text.editor.howDraw[drawing === "line" ? "line" : "area"] : readOnly ? text.editor.readOnly : text.editor.howChange}</p>
            <button type="button" class={boxes ? "button pressed" : "button"} aria-pressed={boxes} onClick={() => setBoxes(!boxes)}>
              <Icon name="box" size={16} />
              {text.live.boxes}
            </button>
          </div>
        </div>
        <aside class="strip panel">
          <div class="segmented" role="group" aria-label={text.editor.sides}>
            {(["shapes", "rules"] as const).map((one) => (
              <button key={one} type="button" aria-pressed={side === one} onClick={() => turnTo(one)} data-testid={`side-${one}`}>
                {text.editor.side[one]}
              </button>
            ))}
          </div>
          <div class="editor-side">
            {side === "shapes" && (
              <ShapeList
                shapes={draft.shapes}
                chosen={chosen}
                fresh={fresh}
                wrong={wrong}
                choose={choose}
                rename={(index, name) => set((old) => renamed(old, index, name))}
                remove={(index) => {
                  set((old) => without(old, index));
                  choose(undefined);
                  chooseRule(undefined);
                  setFresh(undefined);
                }}
                draw={(kind) => draw(drawing === kind ? undefined : kind)}
                drawing={drawing}
                readOnly={readOnly}
              />
            )}
            {side === "rules" && (
              <>
                <RuleList rules={draft.rules} shapes={draft.shapes} change={(rules) => set((old) => ({ ...old, rules }))} chosen={rule} choose={lookAt} readOnly={readOnly} />
                <StillPart still={draft.still} change={(still) => set((old) => ({ ...old, still }))} readOnly={readOnly} />
                {!readOnly && <ToFile told={told} keeping={keeping} />}
              </>
            )}
          </div>
        </aside>
        <EventsOf camera={camera} told={told} subject={subject} mute={isMute(draft, subject) ? { addRule: readOnly ? undefined : (kind) => addRule(kind, subject) } : undefined} />
      </div>
    </div>
  );
}

/** The zone or line that a rule is about. */
function shapeOf(draft: Draft, rule: number): number | undefined {
  const found = draft.shapes.findIndex(({ kind, name }) => name !== "" && draft.rules[rule]?.[kind] === name);
  return found < 0 ? undefined : found;
}

function EventsOf({ told, ...of }: { told: CameraSettings } & Omit<HappenedProps, "inForce">): JSX.Element {
  const { subject } = of;
  const { rules, shapes } = draftOf(told.in_force, {});
  const inForce =
    subject.of === "camera" || (subject.of === "rule" ? rules.some((one) => titleOf(one) === titleOf(subject.rule)) : shapes.some(({ kind, name }) => kind === subject.kind && name === subject.name));
  return <Happened {...of} inForce={inForce} />;
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
