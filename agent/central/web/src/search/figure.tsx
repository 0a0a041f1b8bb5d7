/** Somebody, or a vehicle, to be dressed in the colours that are looked for. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Facets } from "../api/types";
import { CHIPS, type Part } from "../events/colours";
import { toggled } from "../events/filter";
import { colourName, text } from "../text";
import { Icon } from "../ui/icon";

interface Props {
  /** which parts may be dressed */
  parts: readonly Part[];
  /** `upper:green` */
  colours: readonly string[];
  /** how many wear what, among all that fits */
  facets: Facets | undefined;
  onChange: (colours: readonly string[]) => void;
}

export function Figure({ parts, colours, facets, onChange }: Props): JSX.Element {
  const [chosen, choose] = useState<Part>("upper");
  const part = parts.includes(chosen) ? chosen : (parts[0] as Part);
  const namesOf = (of: Part) => colours.flatMap((one) => (one.startsWith(`${of}:`) ? one.slice(of.length + 1) : []));
  const names = namesOf(part);
  const said = (name: string) => {
    const coloured = text.coloured(text.parts[part], colourName(name));
    return facets ? text.search.counted(coloured, facets[part].find((one) => one.value === name)?.count ?? 0) : coloured;
  };
  const worn = (name: string) => !facets || facets[part].some((one) => one.value === name && one.count > 0);
  return (
    <div class="figure">
      <div class="figure-drawn" aria-hidden="true">
        {part === "vehicle" ? (
          <Car fill={fillOf(namesOf("vehicle"))} />
        ) : (
          <Body upper={fillOf(namesOf("upper"))} lower={fillOf(namesOf("lower"))} part={part} choose={choose} />
        )}
      </div>
      <div class="figure-side">
        <div class="segmented" role="group" aria-label={text.search.part}>
          {parts.map((name) => (
            <button key={name} type="button" aria-pressed={name === part} onClick={() => choose(name)} data-testid={`part-${name}`}>
              {text.search.parts[name]}
              <span class="part-chips" aria-hidden="true">
                {namesOf(name).map((colour) => (
                  <span key={colour} class="chip" style={{ background: CHIPS[colour] ?? "transparent" }} />
                ))}
              </span>
            </button>
          ))}
        </div>
        <div class="swatches" role="group" aria-label={text.parts[part]}>
          {Object.entries(CHIPS).map(([name, colour]) => (
            <button
              key={name}
              type="button"
              class={`swatch${isLight(name) ? " light" : name === "black" ? " deep" : ""}${worn(name) ? "" : " unworn"}`}
              style={{ background: colour }}
              aria-pressed={names.includes(name)}
              aria-label={said(name)}
              title={said(name)}
              onClick={() => onChange(toggled(colours, `${part}:${name}`))}
              data-testid={`swatch-${name}`}
            >
              {names.includes(name) && <Icon name="check" size={15} />}
            </button>
          ))}
        </div>
      </div>
    </div>
  );
}

const LIGHT = new Set(["white", "yellow", "pink"]);
const isLight = (name: string) => LIGHT.has(name);
const fillOf = (names: readonly string[]) => CHIPS[names[0] ?? ""];

interface BodyProps {
  upper: string | undefined;
  lower: string | undefined;
  part: Part;
  choose: (part: Part) => void;
}

const TORSO = "M28 28h16c5 0 8 2 10 7l8 24-8 3-7-16v30H25V46l-7 16-8-3 8-24c2-5 5-7 10-7z";
const LEGS = "M25 79h22l3 50h-10l-4-36-4 36H22z";

const Body = ({ upper, lower, part, choose }: BodyProps) => (
  <svg viewBox="0 0 72 134" width="72" height="134">
    <circle class="skin" cx="36" cy="14" r="10" />
    <path class={part === "upper" ? "cloth now" : "cloth"} d={TORSO} fill={upper ?? "var(--sunken)"} onClick={() => choose("upper")} />
    <path class={part === "lower" ? "cloth now" : "cloth"} d={LEGS} fill={lower ?? "var(--sunken)"} onClick={() => choose("lower")} />
  </svg>
);

const Car = ({ fill }: { fill: string | undefined }) => (
  <svg viewBox="0 0 72 134" width="72" height="134">
    <path class="cloth now" d="M6 84v-12l9-4 8-15h24l9 15 10 4v12z" fill={fill ?? "var(--sunken)"} />
    <path class="glass" d="M26 58h8v10H20zM38 58h7l6 10H38z" />
    <circle class="wheel" cx="21" cy="84" r="7" />
    <circle class="wheel" cx="52" cy="84" r="7" />
  </svg>
);
