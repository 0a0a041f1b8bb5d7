/** Areas and lines over the live picture, to be drawn, dragged and nudged. */

import type { JSX } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { text } from "../text";
import type { Point, Points, Shape } from "./draft";
import { across, dropped, inserted, inside, middles, moved, shifted } from "./points";

/** A `path` is gone along from its first point to its last. */
export type MarkKind = Shape["kind"] | "path";
/** Which way a line is crossed, as seen from its first point to its last. */
export type Way = "both" | "left_to_right" | "right_to_left";

export interface Mark extends Omit<Shape, "kind"> {
  kind: MarkKind;
  /** with it a line's sides are called A (left) and B */
  way?: Way;
}

interface Props {
  width: number;
  height: number;
  shapes: readonly Mark[];
  chosen: number | undefined;
  choose: (index: number | undefined) => void;
  change: (index: number, points: Points) => void;
  /** a shape of this kind is being drawn */
  drawing: MarkKind | undefined;
  drawn: (points: Points | undefined) => void;
  /** it is done with so many corners; else it ends when it is said to */
  most?: number | undefined;
  /** the corners that are there while it is being drawn, for who may take it as it is */
  soFar?: ((points: Points) => void) | undefined;
  readOnly: boolean;
}

const STEP = 0.005;
/** of what will be the next corner: it has further to go */
const DRAW_STEP = 0.02;
/** what a key is meant for while it has the focus */
const FIELDS = "input, select, textarea, [role=menu]";
const ARROWS: Record<string, Point> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** How far an arrow key moves; with Shift further. */
function stepOf(event: KeyboardEvent, step: number): Point | undefined {
  const way = ARROWS[event.key];
  const far = event.shiftKey ? step * 5 : step;
  return way && [way[0] * far, way[1] * far];
}

const isOpen = (kind: MarkKind) => kind === "line" || kind === "path";
const leastOf = (kind: MarkKind) => (isOpen(kind) ? 2 : 3);
const isClosed = (kind: MarkKind) => !isOpen(kind);

export function Canvas({ width, height, shapes, chosen, choose, change, drawing, drawn, most, soFar, readOnly }: Props): JSX.Element {
  const svg = useRef<SVGSVGElement>(null);
  const place = (event: PointerEvent | MouseEvent): Point => {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.current?.getScreenCTM()?.inverse());
    return inside([at.x / width, at.y / height]);
  };
  const common = { width, height, place };
  const [said, say] = useState("");
  return (
    <>
      <svg
        ref={svg}
        class={drawing ? "overlay canvas drawing" : "overlay canvas"}
        viewBox={`0 0 ${width} ${height}`}
        preserveAspectRatio="xMidYMid meet"
        role={drawing ? "application" : "group"} // arrow keys are for drawing then, not for a screen reader
        tabindex={drawing ? 0 : readOnly ? undefined : -1}
        aria-label={text.editor.canvas}
        onPointerDown={(event) => !drawing && event.target === svg.current && choose(undefined)}
        data-testid="canvas"
      >
        {shapes.map((shape, index) => (
          <ShapeMark
            key={index}
            shape={shape}
            chosen={index === chosen}
            mayChange={!readOnly && !shape.locked && !drawing}
            choose={() => !drawing && choose(index)}
            change={(points) => change(index, points)}
            {...common}
          />
        ))}
        {drawing && <Drawing key={drawing} kind={drawing} drawn={drawn} most={most} soFar={soFar} svg={svg} say={say} {...common} />}
      </svg>
      {drawing && (
        <span class="hidden-text" role="status">
          {said}
        </span>
      )}
    </>
  );
}

interface Common {
  width: number;
  height: number;
  place: (event: PointerEvent | MouseEvent) => Point;
}

const list = (points: Points, width: number, height: number) => points.map(([x, y]) => `${x * width},${y * height}`).join(" ");

interface MarkProps extends Common {
  shape: Mark;
  chosen: boolean;
  mayChange: boolean;
  choose: () => void;
  change: (points: Points) => void;
}

function ShapeMark({ shape, chosen, mayChange, choose, change, width, height, place }: MarkProps): JSX.Element {
  const { kind, points } = shape;
  const from = useRef<{ at: Point; points: Points } | undefined>(undefined);
  const drag = useDrag(
    (event) => {
      choose();
      from.current = { at: place(event), points };
    },
    (event) => {
      const [x, y] = place(event);
      if (mayChange && from.current) change(shifted(from.current.points, [x - from.current.at[0], y - from.current.at[1]]));
    },
  );
  const shown = list(points, width, height);
  const [x, y] = points[0] ?? [0, 0];
  const size = height / 34;
  const title = shape.name || (kind === "path" ? "" : text.editor.shapes[kind]);
  const press = (event: KeyboardEvent) => {
    const by = stepOf(event, STEP);
    if (by) change(shifted(points, by));
    else if (event.key === "Enter" || event.key === " ") choose();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const grip = mayChange ? { tabindex: 0, role: "button" as const, "aria-label": text.editor.whole(title), "aria-pressed": chosen, onFocus: choose, onKeyDown: press } : {};
  const Outline = isClosed(kind) ? "polygon" : "polyline";
  return (
    <g class={chosen ? `shape ${kind} chosen` : `shape ${kind}`} data-testid={`shape-${kind}`}>
      <Outline class="outline" points={shown} />
      <Outline class="grip" points={shown} {...grip} {...drag} />
      {kind === "line" && <Arrow points={points} width={width} height={height} way={shape.way} />}
      {kind === "path" && <Head points={points} width={width} height={height} />}
      <text x={x * width + size * 0.5} y={y * height + size * 1.2} font-size={size}>
        {title}
      </text>
      {chosen && mayChange && <Handles shape={shape} change={change} width={width} height={height} place={place} />}
    </g>
  );
}

interface ArrowProps {
  points: Points;
  width: number;
  height: number;
  way?: Way | undefined;
}

/** Across a line, from its left to its right; the other way, or both, as it is asked for. */
function Arrow({ points, width, height, way }: ArrowProps): JSX.Element | null {
  const arrow = across(points, width, height);
  if (!arrow) return null;
  const { at } = arrow;
  const right = arrow.to;
  const left: Point = [2 * at[0] - right[0], 2 * at[1] - right[1]];
  const ends = way === "both" ? [left, right] : [way === "right_to_left" ? left : right];
  const size = height / 26;
  return (
    <g class="across">
      {ends.map((to) => (
        <Pointed key={to.join()} from={at} to={to} />
      ))}
      {way &&
        ([["A", left], ["B", right]] as const).map(([name, [x, y]]) => (
          <text key={name} x={x + (x - at[0]) * 0.35} y={y + (y - at[1]) * 0.35} font-size={size} text-anchor="middle" dominant-baseline="central">
            {name}
          </text>
        ))}
    </g>
  );
}

/** At the end of a path: which way it goes. */
function Head({ points, width, height }: ArrowProps): JSX.Element | null {
  const [last, before] = [points.at(-1), points.at(-2)];
  if (!last || !before) return null;
  const [to, from]: Point[] = [[last[0] * width, last[1] * height], [before[0] * width, before[1] * height]];
  const length = Math.hypot(to![0] - from![0], to![1] - from![1]);
  const share = length > 0 ? Math.min(1, (Math.min(width, height) * 0.07) / length) : 0;
  const near: Point = [to![0] - (to![0] - from![0]) * share, to![1] - (to![1] - from![1]) * share];
  return (
    <g class="across">
      <Pointed from={near} to={to!} />
    </g>
  );
}

function Pointed({ from: at, to }: { from: Point; to: Point }): JSX.Element {
  const [dx, dy] = [(to[0] - at[0]) * 0.35, (to[1] - at[1]) * 0.35];
  const head = `${to[0] - dx + dy * 0.7},${to[1] - dy - dx * 0.7} ${to[0]},${to[1]} ${to[0] - dx - dy * 0.7},${to[1] - dy + dx * 0.7}`;
  return (
    <>
      <line x1={at[0]} y1={at[1]} x2={to[0]} y2={to[1]} />
      <polyline points={head} />
    </>
  );
}

interface HandlesProps extends Common {
  shape: Mark;
  change: (points: Points) => void;
}

/** A corner can be dragged, or moved with the arrow keys; half-way along a side a new one can be pulled out. */
function Handles({ shape, change, width, height, place }: HandlesProps): JSX.Element {
  const { kind, points } = shape;
  const pulled = useRef<Points | undefined>(undefined);
  const press = (index: number, event: KeyboardEvent) => {
    const by = stepOf(event, STEP);
    const [x, y] = points[index]!;
    const after = middles(points, isClosed(kind))[index];
    if (by) change(moved(points, index, [x + by[0], y + by[1]]));
    else if (event.key === "+" && after) change(inserted(points, index, after));
    else if ((event.key === "Delete" || event.key === "Backspace") && points.length > leastOf(kind)) change(dropped(points, index));
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <>
      {middles(points, isClosed(kind)).map(([x, y], index) => (
        <Handle
          key={`m${index}`}
          at={[x * width, y * height]}
          size={height / 110}
          begin={() => (pulled.current = inserted(points, index, [x, y]))}
          drag={(event) => pulled.current && change(moved(pulled.current, index + 1, place(event)))}
        />
      ))}
      {points.map(([x, y], index) => (
        <Handle
          key={`c${index}`}
          at={[x * width, y * height]}
          size={height / 70}
          name={text.editor.corner(index + 1, points.length)}
          begin={() => undefined}
          drag={(event) => change(moved(points, index, place(event)))}
          press={(event) => press(index, event)}
        />
      ))}
    </>
  );
}

interface HandleProps {
  at: Point;
  size: number;
  name?: string;
  begin: () => void;
  drag: (event: PointerEvent) => void;
  press?: (event: KeyboardEvent) => void;
}

function Handle({ at: [x, y], size, name, begin, drag, press }: HandleProps): JSX.Element {
  const dragging = useDrag(begin, drag);
  const known = name ? { tabindex: 0, role: "button" as const, "aria-label": name, onKeyDown: press } : { "aria-hidden": true };
  return <circle class={name ? "handle" : "handle middle"} cx={x} cy={y} r={size} {...known} {...dragging} />;
}

/** From pressing to letting go, wherever the pointer is. */
function useDrag(begin: (event: PointerEvent) => void, drag: (event: PointerEvent) => void) {
  const [on, set] = useState(false);
  return {
    onPointerDown: (event: PointerEvent) => {
      event.stopPropagation();
      (event.currentTarget as Element).setPointerCapture(event.pointerId);
      set(true);
      begin(event);
    },
    onPointerMove: (event: PointerEvent) => on && drag(event),
    onPointerUp: () => set(false),
    onPointerCancel: () => set(false),
  };
}

interface DrawingProps extends Common {
  kind: MarkKind;
  drawn: (points: Points | undefined) => void;
  most: number | undefined;
  soFar: ((points: Points) => void) | undefined;
  svg: { current: SVGSVGElement | null };
  /** where the next corner would be, for who does not see it */
  say: (words: string) => void;
}

/**
 * Point after point, by click, or by arrow keys and Space; the first corner again, Enter, a double click or its last
 * corner, where it has only so many, ends it, Escape drops it.
 */
function Drawing({ kind, drawn, most, soFar, svg, say, width, height, place }: DrawingProps): JSX.Element {
  const [points, set] = useState<Points>([]);
  const [next, setNext] = useState<Point>();
  const least = leastOf(kind);
  const now = useRef({ points, next, least, drawn });
  now.current = { points, next, least, drawn };
  useLayoutEffect(() => soFar?.(points), [points]);
  // a layout effect: keys may be pressed as soon as it is to be seen
  useLayoutEffect(() => {
    const finish = () => now.current.points.length >= now.current.least && now.current.drawn(now.current.points);
    const near = (a: Point, b: Point) => Math.hypot((a[0] - b[0]) * width, (a[1] - b[1]) * height) < height / 40;
    const add = (at: Point) => {
      const { points: before } = now.current;
      const [first, last] = [before[0], before.at(-1)];
      if (isClosed(kind) && first && before.length >= least && near(first, at)) finish();
      else if (last && near(last, at)) finish(); // a double click
      else if (before.length + 1 === most) now.current.drawn([...before, at]);
      else set([...before, at]);
    };
    const stand = (at: Point) => {
      setNext(at);
      say(text.editor.nextCorner(now.current.points.length + 1, Math.round(at[0] * 100), Math.round(at[1] * 100)));
    };
    const click = (event: MouseEvent) => add(place(event));
    const press = (event: KeyboardEvent) => {
      const escape = event.key === "Escape";
      if ((event.target as Element).closest?.(escape ? FIELDS : `${FIELDS}, button, a`)) return;
      const by = stepOf(event, DRAW_STEP);
      const at = now.current.next ?? now.current.points.at(-1) ?? [0.5, 0.5];
      if (by) stand(inside([at[0] + by[0], at[1] + by[1]]));
      else if (event.key === " ") add(at);
      else if (event.key === "Enter") finish();
      else if (escape) now.current.drawn(undefined);
      else if (event.key === "Backspace") set((old) => old.slice(0, -1));
      else return;
      event.preventDefault();
      event.stopPropagation();
    };
    const move = (event: PointerEvent) => setNext(place(event));
    const canvas = svg.current;
    canvas?.focus({ preventScroll: true }); // from the button that began it: its keys are ours now
    canvas?.addEventListener("click", click);
    canvas?.addEventListener("pointermove", move);
    window.addEventListener("keydown", press, { capture: true });
    return () => {
      canvas?.removeEventListener("click", click);
      canvas?.removeEventListener("pointermove", move);
      window.removeEventListener("keydown", press, { capture: true });
    };
  }, [kind, most, width, height]);
  const shown = next ? [...points, next] : points;
  return (
    <g class={`shape ${kind} chosen`} data-testid="drawing" data-points={points.length}>
      <polyline class="outline" points={list(shown, width, height)} />
      {points.map(([x, y], index) => (
        <circle key={index} class={index === 0 ? "handle first" : "handle"} cx={x * width} cy={y * height} r={height / 70} />
      ))}
      {next && <circle class="handle next" cx={next[0] * width} cy={next[1] * height} r={height / 90} />}
    </g>
  );
}
