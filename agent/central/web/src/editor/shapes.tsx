/** The list of areas and lines beside the picture. */

import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { text } from "../text";
import { Icon } from "../ui/icon";
import { SHAPES, type Shape, type ShapeKind } from "./draft";

interface Props {
  shapes: readonly Shape[];
  chosen: number | undefined;
  /** the one that was drawn just now: it wants a name */
  fresh: number | undefined;
  wrong: { shape: number; why: "name" | "twice" | "few" } | undefined;
  choose: (index: number) => void;
  rename: (index: number, name: string) => void;
  remove: (index: number) => void;
  draw: (kind: ShapeKind) => void;
  drawing: ShapeKind | undefined;
  readOnly: boolean;
}

export function ShapeList({ shapes, chosen, fresh, wrong, choose, rename, remove, draw, drawing, readOnly }: Props): JSX.Element {
  return (
    <div class="shape-list">
      {SHAPES.map((kind) => (
        <section key={kind} aria-labelledby={`shapes-${kind}`}>
          <div class="shape-head">
            <h3 id={`shapes-${kind}`}>{text.editor.shapeLists[kind]}</h3>
            {!readOnly && (
              <button type="button" class={drawing === kind ? "button pressed" : "button"} aria-pressed={drawing === kind} onClick={() => draw(kind)} data-testid={`draw-${kind}`}>
                <Icon name="plus" size={14} />
                {text.editor.draw}
              </button>
            )}
          </div>
          <p class="sub">{text.editor.shapeMeans[kind]}</p>
          <ul>
            {shapes.map((shape, index) =>
              shape.kind === kind ? (
                <Entry
                  key={index}
                  shape={shape}
                  chosen={index === chosen}
                  fresh={index === fresh}
                  why={wrong?.shape === index ? text.editor.mistakes[wrong.why] : undefined}
                  choose={() => choose(index)}
                  rename={(name) => rename(index, name)}
                  remove={() => remove(index)}
                  readOnly={readOnly}
                />
              ) : null,
            )}
          </ul>
        </section>
      ))}
    </div>
  );
}

interface EntryProps {
  shape: Shape;
  chosen: boolean;
  fresh: boolean;
  why: string | undefined;
  choose: () => void;
  rename: (name: string) => void;
  remove: () => void;
  readOnly: boolean;
}

function Entry({ shape, chosen, fresh, why, choose, rename, remove, readOnly }: EntryProps): JSX.Element {
  const named = shape.kind === "zone" || shape.kind === "line";
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    // not on a telephone: the keyboard would come up over the picture
    if (!fresh || matchMedia("(pointer: coarse)").matches) return;
    field.current?.focus();
    field.current?.select();
  }, [fresh]);
  const title = shape.name || text.editor.shapes[shape.kind];
  return (
    <li class={chosen ? "shape-entry chosen" : "shape-entry"}>
      <div class="shape-row">
        <button type="button" class={`swatch-of ${shape.kind}`} onClick={choose} aria-label={text.editor.show(title)} aria-pressed={chosen} />
        {named && !readOnly ? (
          <input ref={field} type="text" value={shape.name} aria-label={text.editor.name} maxLength={64} spellcheck={false} onFocus={choose} onInput={(event) => rename(event.currentTarget.value)} data-testid={`name-${shape.kind}`} />
        ) : (
          <button type="button" class="shape-name" onClick={choose}>
            {shape.locked ? text.editor.locked : title}
          </button>
        )}
        {!readOnly && !shape.locked && (
          <button type="button" class="button quiet icon-only" onClick={remove} aria-label={text.editor.remove(title)} title={text.editor.remove(title)}>
            <Icon name="close" size={14} />
          </button>
        )}
      </div>
      {why && <p class="bad-text">{why}</p>}
    </li>
  );
}
