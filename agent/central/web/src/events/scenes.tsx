/** The pictures of a thing left or taken: the place before, the moment, now, and who it was. */

import type { JSX } from "preact";
import type { LamppostEvent } from "../api/types";
import { text } from "../text";
import { scenePictures } from "./lying";
import { BoxOver } from "./picture";

export function Scenes({ event }: { event: LamppostEvent }): JSX.Element | null {
  const pictures = scenePictures(event);
  if (pictures.length === 0) return null;
  return (
    <ul class="scenes" aria-label={text.event.scenes} data-testid="scenes">
      {pictures.map(({ name, url, width, height, whole }) => (
        <li key={name}>
          <a href={url} target="_blank" rel="noopener">
            <figure>
              <div class="scene-picture">
                <img src={url} alt={text.event.scene[name]} loading="lazy" decoding="async" />
                {whole && event.box && <BoxOver box={event.box} width={width} height={height} />}
              </div>
              <figcaption>{text.event.scene[name]}</figcaption>
            </figure>
          </a>
        </li>
      ))}
    </ul>
  );
}
