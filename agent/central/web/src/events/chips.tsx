/** Colours as small squares with their names. */

import type { JSX } from "preact";
import { colourName, text } from "../text";
import { CHIPS, type Colours, LEAST_SHARE, PARTS, type Shares } from "./colours";

export const Chip = ({ name }: { name: string }): JSX.Element => (
  <span class="chip" style={{ background: CHIPS[name] ?? "transparent" }} aria-hidden="true" />
);

/** `Upper: [] green 80 %, [] black 12 %`. */
export function ColourShares({ shares }: { shares: Shares }): JSX.Element {
  return (
    <span class="chips" data-testid="colours">
      {shares.map(([name, share]) => (
        <span key={name} class="chip-word">
          <Chip name={name} />
          {colourName(name)} <span class="numbers">{Math.round(share * 100)} %</span>
        </span>
      ))}
    </span>
  );
}

/** Only the squares, the main colour of each part: for cards. */
export function ColourDots({ colours }: { colours: Colours }): JSX.Element | null {
  const known = PARTS.flatMap((part) => {
    const first = colours[part]?.[0];
    return first && first[1] >= LEAST_SHARE ? [[part, first[0]] as const] : [];
  });
  if (known.length === 0) return null;
  const words = known.map(([part, name]) => `${text.parts[part]}: ${colourName(name)}`).join(", ");
  return (
    <span class="dots" role="img" aria-label={words} title={words}>
      {known.map(([part, name]) => (
        <Chip key={part} name={name} />
      ))}
    </span>
  );
}
