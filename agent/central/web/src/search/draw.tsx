/** Drawing on a camera's picture: a region, a line or a path that the tracks looked for were in, crossed, went along. */

import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import type { Camera } from "../api/types";
import { useCell } from "../cell";
import { Canvas } from "../editor/canvas";
import type { Points } from "../editor/draft";
import { cameraKey } from "../events/filter";
import { cameras as allCameras } from "../news";
import { text } from "../text";
import { Icon } from "../ui/icon";
import { useModal } from "../ui/modal";
import { Typed } from "../ui/typed";
import { percentText, shareOf } from "./count";
import { CORNERS, DRAWABLE, type Drawable, type Drawn, FIRST, isDrawn, least, MARKS, marksOf, NOTHING, saidOf, WAYS, WITHIN } from "./drawn";
import type { Search } from "./filter";
import { Still } from "./still";

interface Props {
  search: Search;
  onChange: (search: Search) => void;
}

export function Draw({ search, onChange }: Props): JSX.Element {
  const [open, setOpen] = useState(false);
  const camera = useOnly(search);
  const { drawn } = search;
  const change = (wanted: Drawn) => onChange({ ...search, drawn: wanted, cameras: camera ? [cameraKey(camera)] : search.cameras });
  return (
    <section class="search-group" data-testid="draw">
      <h2>{text.draw.title}</h2>
      {isDrawn(drawn) && <Chips drawn={drawn} change={change} />}
      {camera ? (
        <button type="button" class="draw-open" onClick={() => setOpen(true)} data-testid="draw-open">
          <Still of={camera} alt="" look="draw-still">
            {(width, height) => <Canvas width={width} height={height} shapes={marksOf(drawn, text.draw.names).map(({ mark }) => mark)} chosen={undefined} choose={nothing} change={nothing} drawing={undefined} drawn={nothing} readOnly />}
          </Still>
          <span>
            <Icon name="edit" size={14} />
            {isDrawn(drawn) ? text.draw.again : text.draw.begin(camera.name)}
          </span>
        </button>
      ) : (
        <p class="sub" data-testid="draw-none">
          {isDrawn(drawn) ? text.draw.onEach : text.draw.chooseOne}
        </p>
      )}
      {open && camera && <Board camera={camera} drawn={drawn} change={change} close={() => setOpen(false)} />}
    </section>
  );
}

const nothing = () => undefined;

/** The one camera that is searched; undefined: none, or several. */
function useOnly(search: Search): Camera | undefined {
  const cameras = useCell(allCameras) ?? [];
  const searched = search.cameras.length === 0 ? cameras : cameras.filter((one) => search.cameras.includes(cameraKey(one)));
  return searched.length === 1 && search.cameras.length <= 1 ? searched[0] : undefined;
}

const chipOf = (what: Drawable, drawn: Drawn) => (what === "crossed" ? text.draw.crossed[drawn.way] : text.draw.chips[what]);

function Chips({ drawn, change }: { drawn: Drawn; change: (drawn: Drawn) => void }): JSX.Element {
  return (
    <div class="choices" role="group" aria-label={text.draw.title}>
      {DRAWABLE.filter((what) => drawn[what]).map((what) => (
        <button key={what} type="button" class="choice" aria-pressed="true" title={text.draw.drop} onClick={() => change({ ...drawn, [what]: "" })} data-testid={`drawn-${what}`}>
          {chipOf(what, drawn)} ×
        </button>
      ))}
    </div>
  );
}

interface BoardProps {
  camera: Camera;
  drawn: Drawn;
  change: (drawn: Drawn) => void;
  close: () => void;
}

function Board({ camera, drawn: before, change, close }: BoardProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const [drawn, set] = useState(before);
  const [drawing, draw] = useState<Drawable>();
  /** of what is being drawn */
  const [corners, setCorners] = useState<Points>([]);
  const [chosen, choose] = useState<number>();
  useModal(dialog);
  const marks = marksOf(drawn, text.draw.names);
  const put = (what: Drawable, points: Points) => {
    const wanted = { ...drawn, [what]: saidOf(points) };
    set(wanted);
    choose(marksOf(wanted, text.draw.names).findIndex((one) => one.what === what));
  };
  const unfinished = drawing !== undefined && corners.length < least(drawing);
  const begin = (what: Drawable, byKey: boolean) => {
    if (byKey) put(what, FIRST[what]);
    else {
      set({ ...drawn, [what]: "" });
      choose(undefined);
    }
    setCorners([]);
    draw(byKey || drawing === what ? undefined : what);
  };
  const finish = () => {
    change(drawing ? { ...drawn, [drawing]: saidOf(corners) } : drawn);
    close();
  };
  return (
    <dialog ref={dialog} class="panel draw-board" aria-label={text.draw.on(camera.name)} onCancel={(event) => (drawing ? (event.preventDefault(), draw(undefined)) : close())} onClose={close} data-testid="draw-board">
      <header class="page-head">
        <h2>{text.draw.on(camera.name)}</h2>
        <span class="spring" />
        <button type="button" class="button quiet icon-only" aria-label={text.draw.cancel} title={text.draw.cancel} onClick={close}>
          <Icon name="close" />
        </button>
      </header>
      <div class="draw-tools">
        {DRAWABLE.map((what) => (
          <button key={what} type="button" class={drawing === what ? "button pressed" : "button"} aria-pressed={drawing === what} onClick={(click) => begin(what, click.detail === 0)} data-testid={`draw-${what}`}>
            <Icon name={drawn[what] ? "retry" : "plus"} size={14} />
            {text.draw.names[what]}
          </button>
        ))}
        {drawn.crossed && (
          <div class="segmented" role="group" aria-label={text.draw.way}>
            {WAYS.map((way) => (
              <button key={way} type="button" aria-pressed={drawn.way === way} onClick={() => set({ ...drawn, way })} data-testid={`way-${way}`}>
                {text.draw.ways[way]}
              </button>
            ))}
          </div>
        )}
        {drawn.along && (
          <label class="draw-within">
            {text.draw.within}
            <Typed class="find" type="number" min={100 * WITHIN.least} max={100 * WITHIN.most} step="any" value={percentText(drawn.within)} onCommit={(said) => set({ ...drawn, within: Math.min(WITHIN.most, Math.max(WITHIN.least, shareOf(said) ?? WITHIN.usual)) })} data-testid="along-within" />
          </label>
        )}
      </div>
      <p class="sub" role="status">
        {drawing ? text.draw.how[drawing] : marks.length > 0 ? text.draw.move : text.draw.what}
      </p>
      <Still of={camera} alt={text.draw.on(camera.name)} look="draw-picture" live>
        {(width, height) => (
          <Canvas
            width={width}
            height={height}
            shapes={marks.map(({ mark }) => mark)}
            chosen={chosen}
            choose={choose}
            change={(index, points) => set({ ...drawn, [marks[index]!.what]: saidOf(points) })}
            drawing={drawing && MARKS[drawing]}
            drawn={(points) => {
              if (points && drawing) put(drawing, points);
              draw(undefined);
            }}
            most={drawing && CORNERS[drawing]}
            soFar={setCorners}
            readOnly={false}
          />
        )}
      </Still>
      <footer class="draw-tools">
        <button type="button" class="button" disabled={!isDrawn(drawn)} onClick={() => set(NOTHING)} data-testid="draw-clear">
          {text.draw.clear}
        </button>
        <span class="spring" />
        <button type="button" class="button" onClick={close}>
          {text.draw.cancel}
        </button>
        <button type="button" class="button primary" disabled={unfinished} title={unfinished ? text.draw.unfinished : undefined} onClick={finish} data-testid="draw-search">
          <Icon name="search" size={16} />
          {text.draw.search}
        </button>
      </footer>
    </dialog>
  );
}
