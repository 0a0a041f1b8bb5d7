/** What the edge says of how somebody or something looks and moves, as rows. */

import { labelName, number, text } from "../text";
import type { Row } from "../ui/rows";
import { ColourShares } from "./chips";
import { type Colours, PARTS } from "./colours";

export function lookRows(colours: Colours, said: Readonly<Record<string, unknown>>): Row[] {
  const rows = PARTS.flatMap((part): Row[] => {
    const shares = colours[part];
    return shares ? [[text.parts[part], <ColourShares shares={shares} />]] : [];
  });
  const bag = typeof said["bag"] === "string" ? labelName(said["bag"]) : text.event.bag;
  if (said["carries_bag"] === true) rows.push([text.event.carries, bag]);
  return rows;
}

/** In the unit that the gateway knew: metres on a calibrated ground, else heights of the thing itself. */
export const speedText = (speed: unknown, unit: unknown): string | null =>
  typeof speed === "number" && typeof unit === "string" ? `${number(speed, 1)} ${unit === "heights/s" ? text.event.heights : unit}` : null;
