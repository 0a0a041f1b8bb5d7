/** Numbers and plurals as a language writes them: what the catalogues are made with. */

export interface Say {
  /** `12,345`, or `12.345`; with exactly so many decimals. */
  number: (value: number, decimals?: number) => string;
  /** `1 camera`, `3 cameras`. */
  plural: (count: number, one: string, many: string) => string;
}

export function sayIn(locale: string): Say {
  const rules = new Intl.PluralRules(locale);
  const formats = [0, 1, 2].map((digits) => new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits }));
  const number = (value: number, decimals = 0) => (formats[decimals] as Intl.NumberFormat).format(value);
  return { number, plural: (count, one, many) => `${number(count)} ${rules.select(count) === "one" ? one : many}` };
}
