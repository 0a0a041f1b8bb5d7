/** "Watch for": what a track shows of whom, to be looked for from now on. It is asked here, where one sees whom it is about. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Track } from "../api/types";
import { Chip } from "../events/chips";
import { clean, type Part } from "../events/colours";
import { cameraKey, toggled } from "../events/filter";
import { Problem, useDeed } from "../people/deed";
import { Link } from "../router";
import { colourName, text } from "../text";
import { Ask } from "../ui/ask";
import { Icon } from "../ui/icon";
import { trackName } from "./card";
import { all, mainColours, type Search } from "./filter";
import { type Saved, saveSearch } from "./saved";

export function WatchFor({ track }: { track: Track }): JSX.Element {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" class="button" aria-haspopup="dialog" onClick={() => setOpen(true)} data-testid="watch-for">
        <Icon name="eye" size={16} />
        <span class="only-wide">{text.track.watchFor}</span>
      </button>
      {open && <Wish track={track} close={() => setOpen(false)} />}
    </>
  );
}

const said = (colour: string) => {
  const [part, name = ""] = colour.split(":");
  return text.coloured(text.parts[part as Part], colourName(name));
};
const nameOf = (colour: string) => colour.slice(colour.indexOf(":") + 1);

function Wish({ track, close }: { track: Track; close: () => void }): JSX.Element {
  const words = text.track.watch;
  const worn = mainColours(clean(track.colours));
  const [colours, setColours] = useState<readonly string[]>(worn.slice(0, 1));
  const [here, setHere] = useState(false);
  const [own, setOwn] = useState<string>();
  const [shared, setShared] = useState(false);
  const [saved, set] = useState<Saved>();
  const deed = useDeed();
  const name = (own ?? [trackName(track), ...colours.map((one) => colourName(nameOf(one)))].join(", ")).slice(0, 100);
  const search: Search = { ...all, labels: [track.label], colours, cameras: here ? [cameraKey(track)] : [] };
  const save = () => void deed.run(async () => set(await saveSearch(search, { name: name.trim(), shared, watch: true })));
  if (saved)
    return (
      <Ask title={words.done(saved.name)} answers={[{ name: words.close, give: close, testid: "watch-close" }]} dismiss={close} testid="watch-dialog">
        <p role="status">{words.doneMore}</p>
        <Link href={`/search?${saved.query}`} data-testid="watch-saved">
          {words.show}
        </Link>
      </Ask>
    );
  const answers = [
    { name: words.cancel, give: close },
    { name: words.keep, look: "primary" as const, disabled: deed.busy || !name.trim(), give: save, testid: "watch-save" },
  ];
  return (
    <Ask title={words.title(trackName(track))} answers={answers} dismiss={close} testid="watch-dialog">
      <form class="save-form watch-form" onSubmit={(event) => (event.preventDefault(), name.trim() && !deed.busy && save())}>
        {worn.length > 0 && (
          <div class="choices" role="group" aria-label={words.wears}>
            {worn.map((one) => (
              <button key={one} type="button" class="choice" aria-pressed={colours.includes(one)} onClick={() => setColours(toggled(colours, one))} data-testid={`watch-${one}`}>
                <Chip name={nameOf(one)} /> {said(one)}
              </button>
            ))}
          </div>
        )}
        <label>
          <input type="checkbox" checked={here} onChange={(change) => setHere(change.currentTarget.checked)} data-testid="watch-here" />
          <span>{words.here(track.camera_name)}</span>
        </label>
        <label>
          <input type="checkbox" checked={shared} onChange={(change) => setShared(change.currentTarget.checked)} />
          <span>{text.accounts.saved.shared}</span>
        </label>
        <label class="watch-name">
          <span>{text.accounts.saved.name}</span>
          <input class="text-input" value={name} required maxLength={100} autocomplete="off" onInput={(input) => setOwn(input.currentTarget.value)} data-testid="watch-name" />
        </label>
      </form>
      <p role="status" data-testid="watch-words">
        {words.what([trackName(track), ...colours.map(said)].join(" · "), here ? track.camera_name : "")}
      </p>
      {deed.error && <Problem>{deed.error}</Problem>}
    </Ask>
  );
}
