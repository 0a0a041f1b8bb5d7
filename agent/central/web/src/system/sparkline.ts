/** From samples to the line of a small chart: pure. Time runs over the whole width, whether there are samples or not. */

export interface Sample {
  /** Milliseconds since 1970: the begin of the span. */
  at: number;
  value: number;
}

export interface Frame {
  from: number;
  to: number;
  low: number;
  high: number;
}

export const WIDTH = 240;
export const HEIGHT = 40;
const EDGE = 2;

/** Where a sample stands, in the units of the drawing. */
export function place({ at, value }: Sample, { from, to, low, high }: Frame): [x: number, y: number] {
  const x = ((at - from) / (to - from)) * WIDTH;
  const y = HEIGHT - EDGE - ((value - low) / (high - low || 1)) * (HEIGHT - 2 * EDGE);
  return [Math.round(x * 10) / 10, Math.round(y * 10) / 10];
}

/** Runs of samples without a gap between them: a gateway that was away has a hole, not a straight line. */
export function runs(samples: readonly Sample[], step: number): Sample[][] {
  const found: Sample[][] = [];
  for (const sample of samples) {
    const run = found.at(-1);
    const last = run?.at(-1);
    if (run && last && sample.at - last.at <= 1.5 * step) run.push(sample);
    else found.push([sample]);
  }
  return found;
}

/** SVG paths: the line, and the ground below it. A sample alone is a dash as long as its span. */
export function draw(samples: readonly Sample[], step: number, frame: Frame): { line: string; ground: string } {
  const lines: string[] = [];
  const grounds: string[] = [];
  for (const run of runs(samples, step)) {
    const last = run.at(-1) as Sample;
    const points = [...run, { at: Math.min(frame.to, last.at + step), value: last.value }].map((one) => place(one, frame));
    const line = points.map(([x, y], i) => `${i === 0 ? "M" : "L"}${x} ${y}`).join("");
    const [begin] = points[0] as [number, number];
    const [end] = points.at(-1) as [number, number];
    lines.push(line);
    grounds.push(`${line}L${end} ${HEIGHT}L${begin} ${HEIGHT}Z`);
  }
  return { line: lines.join(""), ground: grounds.join("") };
}

/** What a chart reaches over: from nothing on, or (`around`) as near as the values are, so much at least. */
export function reach(samples: readonly Sample[], { around, least, most }: { around?: boolean; least: number; most?: number | undefined }): [number, number] {
  const values = samples.map(({ value }) => value);
  const high = most ?? Math.max(...values, around ? -Infinity : least);
  if (!around) return [0, Math.max(high, least)];
  const low = Math.min(...values);
  const spare = Math.max(0, least - (high - low)) / 2;
  return [low - spare, high + spare];
}

/** The sample that a place in the chart (0..1 of its width) is nearest to. */
export function nearest(samples: readonly Sample[], share: number, { from, to }: Frame): number {
  const at = from + share * (to - from);
  let found = 0;
  samples.forEach((sample, i) => {
    if (Math.abs(sample.at - at) < Math.abs((samples[found] as Sample).at - at)) found = i;
  });
  return found;
}
