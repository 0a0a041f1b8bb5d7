/** The frame: who may see what, the rail, the banners, and which page stands in it. */

import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { FirstPage } from "./account/first";
import { JoinPage } from "./account/join";
import { AccountMenu } from "./account/menu";
import { ReasonForm } from "./account/reason";
import { SignInPage } from "./account/sign-in";
import type { Me } from "./api/types";
import { useCell } from "./cell";
import { EditorPage } from "./editor/page";
import { EventPage } from "./events/event";
import { EventsPage } from "./events/page";
import { ringForAlarms } from "./events/sound";
import { SoundNotice } from "./events/sound-notice";
import { useHeard } from "./heard";
import { HoldPage } from "./holds/one";
import { HoldsPage } from "./holds/page";
import { FullPage } from "./live/full";
import { WallPage } from "./live/wall";
import { MapPage } from "./map/page";
import { match } from "./match";
import { cameras, centre, clockAhead, gateways, link, listen } from "./news";
import { Link, useAddress } from "./router";
import { AuditPage } from "./people/audit";
import { MyPage } from "./people/me";
import { PeoplePage } from "./people/page";
import { PlaybackPage } from "./playback/page";
import { SearchPage } from "./search/page";
import { TrackPage } from "./search/track";
import { askWho, session } from "./session";
import { GatewayPage } from "./system/one";
import { SystemPage } from "./system/page";
import { troubles } from "./system/trouble";
import { text } from "./text";
import { WebhooksPage } from "./webhooks/page";
import { momentText } from "./time/time";
import { Empty } from "./ui/empty";
import { Icon, type IconName, Logo } from "./ui/icon";

export function App(): JSX.Element | null {
  const who = useCell(session);
  const { path, query } = useAddress();
  const first = match("/first", path) !== undefined;
  const join = match("/join", path) !== undefined;
  useEffect(() => {
    if (!first && !join) void askWho();
  }, []);
  useEffect(() => {
    if (who.state !== "unreachable") return undefined;
    const again = setInterval(() => void askWho(), 3_000);
    return () => clearInterval(again);
  }, [who.state]);
  if (first && who.state !== "in") return <FirstPage token={query.get("token") ?? ""} />;
  if (join && who.state !== "in") return <JoinPage token={query.get("token") ?? ""} />;
  if (who.state === "in") return <Shell me={who.me} path={path} />;
  if (who.state === "out") return <SignInPage firstStart={who.firstStart} ended={who.ended} directory={who.directory} refused={query.get("refused")} />;
  return who.state === "unreachable" ? <Unreachable /> : null;
}

const Unreachable = () => (
  <main class="account">
    <Empty icon="offline" title={text.link.unreachable} more={text.link.unreachableMore} />
  </main>
);

function Shell({ me, path }: { me: Me; path: string }): JSX.Element {
  const main = useRef<HTMLElement>(null);
  const place = placeOf(path);
  const said = useHeard(main, path, place.title);
  useEffect(listen, []);
  useEffect(ringForAlarms, []);
  return (
    <div class="shell">
      <a class="skip button" href="#main" onClick={(event) => (event.preventDefault(), main.current?.focus())}>
        {text.skip}
      </a>
      <Rail me={me} current={place.current} />
      <main class="main" id="main" ref={main} tabIndex={-1}>
        <Banners />
        {me.asks_reason && !me.reason && <ReasonForm />}
        <Page path={path} me={me} />
        <SoundNotice />
      </main>
      <p class="hidden-text" role="status" data-testid="heard">
        {said}
      </p>
    </div>
  );
}

function Page({ path, me }: { path: string; me: Me }): JSX.Element {
  const full = match("/live/:site/:gateway/:camera", path);
  if (full) return <FullPage name={full as { site: string; gateway: string; camera: string }} />;
  const edited = match("/cameras/:site/:gateway/:camera", path);
  if (edited) return <EditorPage name={edited as { site: string; gateway: string; camera: string }} />;
  if (match("/events", path)) return <EventsPage />;
  const event = match("/events/:id", path);
  if (event) return <EventPage id={event["id"] ?? ""} />;
  if (match("/playback", path)) return <PlaybackPage />;
  if (match("/search", path)) return <SearchPage />;
  const track = match("/search/:id", path);
  if (track) return <TrackPage id={track["id"] ?? ""} />;
  if (match("/map", path)) return <MapPage />;
  if (match("/system", path)) return <SystemPage />;
  const gateway = match("/system/:site/:gateway", path);
  if (gateway) return <GatewayPage site={gateway["site"] ?? ""} gateway={gateway["gateway"] ?? ""} />;
  if (match("/account", path)) return <MyPage me={me} />;
  if (match("/holds", path)) return <HoldsPage />;
  const hold = match("/holds/:id", path);
  if (hold) return <HoldPage id={hold["id"] ?? ""} key={path} />;
  if (match("/people", path) && me.role === "admin") return <PeoplePage me={me} />;
  if (match("/audit", path) && me.role === "admin") return <AuditPage />;
  if (match("/webhooks", path) && me.role === "admin") return <WebhooksPage />;
  return <WallPage />;
}

type Place = "live" | "playback" | "search" | "events" | "map" | "system";
const PLACES: [href: string, name: Place][] = [
  ["/", "live"],
  ["/playback", "playback"],
  ["/search", "search"],
  ["/events", "events"],
  ["/map", "map"],
  ["/system", "system"],
];

/** Pages that the account's menu leads to. */
const ASIDE: Record<string, string> = { "/account": text.accounts.me.title, "/holds": text.holds.title, "/people": text.accounts.people.title, "/audit": text.accounts.audit.title, "/webhooks": text.webhooks.title };

function placeOf(path: string): { current: Place | undefined; title: string } {
  const aside = Object.entries(ASIDE).find(([href]) => path === href || path.startsWith(`${href}/`))?.[1];
  if (aside) return { current: undefined, title: aside };
  const current = PLACES.find(([href]) => href !== "/" && path.startsWith(href))?.[1] ?? "live";
  return { current, title: text.nav[current] };
}

function Rail({ me, current }: { me: Me; current: Place | undefined }): JSX.Element {
  return (
    <nav class="rail" aria-label={text.nav.label}>
      <Link class="home" href="/" aria-label={text.product}>
        <Logo size={34} />
      </Link>
      {PLACES.map(([href, name]) => (
        <Link key={name} class="rail-item" href={href} aria-current={name === current ? "page" : undefined} data-testid={`nav-${name}`}>
          <Icon name={name satisfies IconName} size={20} />
          {text.nav[name]}
          {name === "system" && <Badge />}
        </Link>
      ))}
      <span class="spring" />
      <AccountMenu me={me} />
    </nav>
  );
}

function Badge(): JSX.Element | null {
  const count = troubles(useCell(centre), useCell(gateways) ?? [], useCell(cameras) ?? [], text.system, Date.now() + clockAhead.value).length;
  return count > 0 ? <span class="badge dot bad" role="img" aria-label={text.attention} /> : null;
}

function Banners(): JSX.Element {
  const state = useCell(link);
  const health = useCell(centre);
  return (
    <div role="status" class="banners">
      {state.state === "lost" ? (
        <p class="banner" data-testid="banner-centre">
          <Icon name="offline" />
          <span>
            {text.link.lost} <span class="more">{text.link.lostMore(momentText(new Date(state.since).toISOString()))}</span>
          </span>
        </p>
      ) : (
        health?.broker.up === false && (
          <p class="banner" data-testid="banner-broker">
            <Icon name="warning" />
            <span>
              {text.link.broker}. <span class="more">{text.link.brokerMore}</span>
            </span>
          </p>
        )
      )}
    </div>
  );
}
