/** Paths with names in them: pure. */

/** `/events/:id` against `/events/e1` -> {id: "e1"}; undefined when it does not fit. */
export function match(pattern: string, path: string): Record<string, string> | undefined {
  const [wanted, found] = [pattern.split("/"), path.replace(/\/+$/, "").split("/")];
  if (path === "/") found.length = 2;
  if (wanted.length !== found.length) return undefined;
  const values: Record<string, string> = {};
  for (const [i, part] of wanted.entries()) {
    const value = found[i] ?? "";
    if (part.startsWith(":")) values[part.slice(1)] = decode(value);
    else if (part !== value) return undefined;
  }
  return values;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // a stray % in an address typed by hand
  }
}
