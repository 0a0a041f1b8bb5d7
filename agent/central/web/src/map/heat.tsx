/** Where in a camera's picture people and things stood in the last day, as warmth over the picture. */

import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import * as api from "../api/client";
import type { CameraName, Heat as Cells } from "../api/types";
import { cameraKey } from "../events/filter";
import { warmth } from "./warmth";

const DAY_MS = 86_400_000;

export function Heat({ camera, onFail }: { camera: CameraName; onFail: (error: unknown) => void }): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const key = cameraKey(camera);
  useEffect(() => {
    let stale = false;
    api.heat(key, new Date(Date.now() - DAY_MS)).then((found) => !stale && canvas.current && paint(canvas.current, found), (error: unknown) => stale || onFail(error));
    return () => void (stale = true);
  }, [key]);
  return <canvas ref={canvas} class="map-heat" aria-hidden="true" data-testid="map-heat" />;
}

/** One pixel a cell; the browser smooths it as it is drawn larger. */
function paint(canvas: HTMLCanvasElement, { columns, rows, items }: Cells): void {
  [canvas.width, canvas.height] = [columns, rows];
  const cells = items[0]?.cells;
  const brush = canvas.getContext("2d");
  if (!cells || !brush) return;
  const image = brush.createImageData(columns, rows);
  image.data.set(warmth(cells));
  brush.putImageData(image, 0, 0);
}
