import { describe, expect, it } from "vitest";
import { en } from "../src/text/en";
import { es } from "../src/text/es";
import { spoken } from "../src/text/language";
import { sayIn } from "../src/text/say";

type Words = { readonly [key: string]: unknown };
/** What English leaves to the centre's own sentences, a translation says by their code. */
const OWN = "failure.codes.";

/** `path -> sentence`, one line for each leaf of a catalogue. */
function leaves(words: Words, path = ""): [string, unknown][] {
  return Object.entries(words).flatMap(([key, value]): [string, unknown][] =>
    typeof value === "object" && value !== null ? leaves(value as Words, `${path}${key}.`) : [[path + key, value]],
  );
}

/** Stands for any argument: a number that is also a name, and is found again in what is said with it. */
const probe = (value: number) => Object.assign(new Number(value), { name: String(value) });

/** Which arguments a sentence shows. */
function shown(sentence: unknown): number[] {
  if (typeof sentence !== "function") return [];
  const places = [70_001, 70_002, 70_003, 70_004];
  const said = String(sentence(...places.map(probe))).replaceAll(/(?<=\d)[.,  ](?=\d{3})/g, "");
  return places.filter((place) => said.includes(String(place)) || said.includes(String(Math.round(place / 1000))));
}

const english = new Map(leaves(en(sayIn("en-GB"))));
const spanish = new Map(leaves(es(sayIn("es"))));
const shared = [...english.keys()].filter((path) => !path.startsWith(OWN));

describe("Spanish", () => {
  it("says all that English says, and nothing else", () => {
    expect([...spanish.keys()].filter((path) => !path.startsWith(OWN)).sort()).toEqual(shared.sort());
  });

  it("shows what English shows in each sentence", () => {
    const different = shared.filter((path) => String(shown(spanish.get(path))) !== String(shown(english.get(path))));
    expect(different).toEqual([]);
  });

  it("leaves no sentence empty, and only names as they are", () => {
    const same = shared.filter((path) => typeof english.get(path) === "string" && english.get(path) === spanish.get(path));
    expect(shared.filter((path) => spanish.get(path) === "")).toEqual([]);
    expect(same.map((path) => english.get(path)).filter((word) => !UNTRANSLATED.has(String(word)))).toEqual([]);
  });

  it("knows one from many", () => {
    const words = es(sayIn("es"));
    expect([0, 1, 2].map(words.accounts.people.count)).toEqual(["0 cuentas", "1 cuenta", "2 cuentas"]);
    expect(words.search.found(12_345, true)).toBe("12.345 trayectorias");
  });
});

const UNTRANSLATED = new Set(["clip", "Lamppost", "Clip", "Clips", "CSV", "Error", "Animal", "Webhooks", "Tokens", "Color", "Sensor"]);

describe("the language", () => {
  it("is the chosen one, else the first that the browser wants and we have, else English", () => {
    expect(spoken("es", ["en-GB"])).toEqual({ language: "es", locale: "es" });
    expect(spoken(null, ["de-DE", "es-MX", "en"])).toEqual({ language: "es", locale: "es-MX" });
    expect(spoken(null, ["de"])).toEqual({ language: "en", locale: "en-GB" });
    expect(spoken("xx", ["en-US", "es"])).toEqual({ language: "en", locale: "en-US" });
    expect(spoken("constructor", [])).toEqual({ language: "en", locale: "en-GB" });
  });
});
