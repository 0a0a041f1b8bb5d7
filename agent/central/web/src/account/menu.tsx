/** Who is signed in, the theme, the way out. */

import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import type { Me } from "../api/types";
import { Problem, useDeed } from "../people/deed";
import { leaving, Link } from "../router";
import { leave } from "../session";
import { text } from "../text";
import { chooseLanguage, language, type Language, LANGUAGES } from "../text/language";
import { Icon, type IconName } from "../ui/icon";
import { useDismissed, walk } from "../ui/picker";
import { chooseTheme, type Theme, themeNow } from "../ui/theme";

const THEMES: [Theme, IconName][] = [
  ["auto", "auto"],
  ["light", "sun"],
  ["dark", "moon"],
];

/** The log is of the whole centre, and for who sees all of it. */
function pagesOf(me: Me): [href: string, name: string, icon: IconName][] {
  const words = text.accounts.menu;
  const mine: [string, string, IconName][] = [["/account", words.me, "account"], ["/holds", text.holds.title, "hold"]];
  if (me.role === "admin") mine.push(["/people", words.people, "person"]);
  if (me.role === "admin" && me.places === null) mine.push(["/webhooks", text.webhooks.title, "send"], ["/audit", words.audit, "events"]);
  return mine;
}

export function AccountMenu({ me }: { me: Me }): JSX.Element {
  const [open, setOpen] = useState(false);
  const [theme, setTheme] = useState(themeNow);
  const root = useRef<HTMLDivElement>(null);
  const out = useDeed();
  useDismissed(root, open, () => setOpen(false));
  const choose = (next: Theme) => {
    chooseTheme(next);
    setTheme(next);
  };
  return (
    <div class="menu-root" ref={root}>
      <button type="button" class="rail-item" aria-haspopup="menu" aria-expanded={open} onClick={() => setOpen(!open)} data-testid="account">
        <Icon name="account" size={20} />
        {text.nav.account}
      </button>
      {open && (
        <div class="menu" role="menu" aria-label={text.nav.account} onKeyDown={walk}>
          <p class="who">
            {me.name}
            <span>{text.role[me.role]}</span>
          </p>
          <div class="segmented" role="group" aria-label={text.theme.label}>
            {THEMES.map(([value, icon]) => (
              <button key={value} type="button" role="menuitemradio" aria-checked={theme === value} onClick={() => choose(value)} data-testid={`theme-${value}`}>
                <Icon name={icon} size={14} />
                {text.theme[value]}
              </button>
            ))}
          </div>
          <div class="segmented" role="group" aria-label={text.language}>
            {(Object.entries(LANGUAGES) as [Language, string][]).map(([value, name]) => (
              <button key={value} type="button" role="menuitemradio" aria-checked={language === value} lang={value} onClick={() => chooseLanguage(value)} data-testid={`language-${value}`}>
                {name}
              </button>
            ))}
          </div>
          {pagesOf(me).map(([href, name, icon]) => (
            <Link key={href} role="menuitem" class="row" href={href} onClickCapture={() => setOpen(false)} data-testid={`menu-${icon}`}>
              <Icon name={icon} size={16} />
              {name}
            </Link>
          ))}
          <button type="button" role="menuitem" class="row" disabled={out.busy} onClick={() => leaving(() => void out.run(leave))} data-testid="sign-out">
            <Icon name="signOut" size={16} />
            {text.signOut}
          </button>
          {out.error && <Problem>{out.error}</Problem>}
        </div>
      )}
    </div>
  );
}
