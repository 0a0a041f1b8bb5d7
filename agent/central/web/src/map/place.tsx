/** Where a camera hangs and where it looks: clicked on the map, turned here, set at its gateway. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import * as api from "../api/client";
import type { Camera } from "../api/types";
import { failureLine, text } from "../text";
import { Typed } from "../ui/typed";

export interface CameraPlace {
  latitude: number | null;
  longitude: number | null;
  bearing: number | null;
  field_of_view: number | null;
}

/** A camera that is being placed: what the map shows of it until it is saved. */
export interface Placing {
  key: string;
  place: CameraPlace;
}

interface Props {
  camera: Camera;
  placing: Placing;
  change: (placing: Placing) => void;
  done: () => void;
}

export function PlaceForm({ camera, placing, change, done }: Props): JSX.Element {
  const [busy, setBusy] = useState(false);
  const [failure, fail] = useState("");
  const { place } = placing;
  const put = (part: Partial<CameraPlace>) => change({ ...placing, place: { ...place, ...part } });
  const save = async () => {
    setBusy(true);
    fail("");
    try {
      const { set_here, version } = await api.settings(camera);
      const known = Object.fromEntries(Object.entries(place).filter(([, value]) => value !== null));
      await api.setSettings(camera, { ...set_here, place: known }, version);
      done();
    } catch (error) {
      fail(failureLine(error));
      setBusy(false);
    }
  };
  const there = place.latitude !== null && place.longitude !== null;
  return (
    <section class="map-card" data-testid="map-place">
      <h2>{camera.name}</h2>
      <p class="sub">
        {there ? text.map.clickAgain : text.map.click} {text.map.clickKeys}
      </p>
      <div class="map-where">
        <Degrees name={text.map.latitude} value={place.latitude} most={90} onChange={(latitude) => put({ latitude })} testid="map-latitude" />
        <Degrees name={text.map.longitude} value={place.longitude} most={180} onChange={(longitude) => put({ longitude })} testid="map-longitude" />
      </div>
      <Slider name={text.map.bearing} value={place.bearing ?? 0} max={359} onChange={(bearing) => put({ bearing })} />
      <Slider name={text.map.view} value={place.field_of_view ?? 60} min={5} max={360} onChange={(field_of_view) => put({ field_of_view, bearing: place.bearing ?? 0 })} />
      {failure && <p class="bad-text" role="alert">{failure}</p>}
      <div class="map-links">
        <button type="button" class="button primary" disabled={!there || busy} onClick={() => void save()} data-testid="map-save">
          {text.editor.save}
        </button>
        <button type="button" class="button" onClick={done}>
          {text.editor.discard}
        </button>
      </div>
    </section>
  );
}

interface DegreesProps {
  name: string;
  value: number | null;
  most: number;
  onChange: (value: number) => void;
  testid: string;
}

/** To a tenth of a metre; what is no place on this earth is left as it was. */
const Degrees = ({ name, value, most, onChange, testid }: DegreesProps) => (
  <label>
    <span>{name}</span>
    <Typed
      class="text-input"
      type="number"
      min={-most}
      max={most}
      step="any"
      value={value === null ? "" : String(Number(value.toFixed(6)))}
      onCommit={(typed) => typed !== "" && Math.abs(Number(typed)) <= most && onChange(Number(typed))}
      data-testid={testid}
    />
  </label>
);

interface SliderProps {
  name: string;
  value: number;
  min?: number;
  max: number;
  onChange: (value: number) => void;
}

const Slider = ({ name, value, min = 0, max, onChange }: SliderProps) => (
  <label class="map-slider">
    <span>{name}</span>
    <span class="numbers">{value}°</span>
    <input type="range" min={min} max={max} value={value} onInput={(input) => onChange(Number(input.currentTarget.value))} />
  </label>
);
