/** Which language is spoken: what the person chose, else the first that the browser asks for, else English. */

/** Every language by its own name. */
export const LANGUAGES = { en: "English", es: "Español" } as const;
export type Language = keyof typeof LANGUAGES;

const KEY = "lamppost.language";
/** How times and numbers are written where the browser names no country of that language. */
const USUAL: Record<Language, string> = { en: "en-GB", es: "es" };

const isLanguage = (name: string): name is Language => Object.hasOwn(LANGUAGES, name);
const languageOf = (locale: string) => locale.toLowerCase().split("-")[0] ?? "";

/** The language, and the locale for its numbers and times: `es-MX` for who reads Spanish as in Mexico. */
export function spoken(chosen: string | null, wanted: readonly string[]): { language: Language; locale: string } {
  const language = chosen && isLanguage(chosen) ? chosen : (wanted.map(languageOf).find(isLanguage) ?? "en");
  return { language, locale: wanted.find((locale) => languageOf(locale) === language && locale.includes("-")) ?? USUAL[language] };
}

function kept(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // storage may be forbidden, and there is none where tests run
  }
}

export const { language, locale } = spoken(kept(), globalThis.navigator?.languages ?? []);

/** Speak it from now on. The page is loaded anew: every word, number and time on it changes. */
export function chooseLanguage(next: Language): void {
  try {
    localStorage.setItem(KEY, next);
  } catch {
    return;
  }
  location.reload();
}
