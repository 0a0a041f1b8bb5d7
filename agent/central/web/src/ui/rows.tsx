/** Names and values under a heading. */

import type { ComponentChildren, JSX } from "preact";

export type Row = [name: string, value: ComponentChildren];

export function Rows({ title, rows }: { title: string; rows: Row[] }): JSX.Element {
  return (
    <section>
      <h2>{title}</h2>
      <dl>
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
