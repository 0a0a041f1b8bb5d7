/** Which wall one came from: pure. The addresses of a camera's pages keep it, to lead back there. */

/** What says which wall it is: the layout, or the words and page of a long one. */
const WALL = ["layout", "find", "page"];

/** `?layout=...` as far as the address says it, to be put behind `/` or a camera's path. */
export function wallOf(query: URLSearchParams): string {
  const wanted = new URLSearchParams();
  for (const name of WALL) if (query.get(name)) wanted.set(name, query.get(name) as string);
  const said = wanted.toString();
  return said && `?${said}`;
}
