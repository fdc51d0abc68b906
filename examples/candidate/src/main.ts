/** Starts the app: who is signed in, which screen, and one saver for each page. */

import { type Api, createApi } from "./api.ts";
import type { App } from "./app.ts";
import { type Config, readConfig } from "./config.ts";
import { h } from "./dom.ts";
import { Attachments } from "./evidence/attachments.ts";
import { Sender } from "./evidence/sender.ts";
import type { Me } from "./model.ts";
import { Saver } from "./saver.ts";
import { enrolment } from "./screens/enrolment.ts";
import { home } from "./screens/home.ts";
import { page } from "./screens/page.ts";
import { welcome } from "./screens/welcome.ts";
import { comeBack, keepSession, session, signIn } from "./signin.ts";
import { openStore } from "./store.ts";
import { LEAVE_UNSENT, problemInWords } from "./words.ts";

const main = document.querySelector("main") as HTMLElement;
const header = document.querySelector("header") as HTMLElement;

async function start(): Promise<void> {
  if ("serviceWorker" in navigator) void navigator.serviceWorker.register("worker.js").catch(() => {});
  const config = await readConfig();
  const returning = new URLSearchParams(location.search);
  const failed = (returning.has("code") || returning.has("error")) && !(await comeBack(config));
  const api = createApi(config.api, () => session()?.token);
  if (!session()) return greet(config, failed ? "Signing in did not work. Try once more." : "");
  const outcome = await api.me();
  const known = session()?.me;
  if (outcome.ok) keepSession({ token: session()?.token ?? "", me: outcome.data });
  else if (!known || outcome.code.startsWith("un")) {
    keepSession(null); // unauthenticated, or unknown-person
    return greet(config, problemInWords(outcome.code));
  }
  await run(config, api, outcome.ok ? outcome.data : (known as Me));
}

async function run(config: Config, api: Api, me: Me): Promise<void> {
  const listeners = new Set<(page: string) => unknown>();
  const savers = new Map<string, Saver>();
  const tell = (page: string) => listeners.forEach((listener) => listener(page));
  const store = await openStore((page, elsewhere) => {
    if (elsewhere) void savers.get(page)?.heard();
    tell(page);
  });
  const persons = me.memberships.map(({ person_id }) => person_id);
  const saverOf = (page: string) => {
    const saver = savers.get(page) ?? new Saver(page, api, store, () => tell(page));
    savers.set(page, saver);
    return saver;
  };
  const sender = new Sender(persons, api, store, tell, (page) => saverOf(page).soon());
  const attachments = new Attachments(api, store, tell);
  const base: App = {
    ...{ config, api, store, me, show, saverOf, sender, attachments },
    personAt: (centre) => me.memberships.find(({ centre_id }) => centre_id === centre)?.person_id ?? "nobody",
    unsent: async () => (await Promise.all(persons.map((person) => store.unsent(person)))).flat(),
    onChange: (listener) => void listeners.add(listener),
    signInAgain: () => void signIn(config),
  };
  const sendAll = async () => {
    for (const key of await base.unsent()) saverOf(key).soon();
    sender.soon();
  };
  let routed = 0;
  const route = async () => {
    const mine = ++routed;
    listeners.clear();
    const app: App = {
      ...base,
      // Whoever has gone on meanwhile is not called back by a slow answer.
      show: (...all) => void (mine === routed && show(...all)),
      onChange: (listener) => void (mine === routed && base.onChange(listener)),
    };
    const [, centre_id, enrolment_id, page_id] = location.hash.split("/").map(decodeURIComponent);
    if (centre_id && enrolment_id && page_id) await page(app, { centre_id, enrolment_id, page_id });
    else if (centre_id && enrolment_id) await enrolment(app, { centre_id, enrolment_id });
    else await home(app);
  };
  const leave = async () => {
    if ((await base.unsent()).length && !confirm(LEAVE_UNSENT)) return;
    for (const person of persons) await store.forget(person);
    keepSession(null);
    location.assign(location.pathname);
  };
  header.append(h("button", { type: "button", class: "quiet", onclick: () => void leave() }, "Sign out"));
  window.addEventListener("online", () => void sendAll());
  window.addEventListener("hashchange", () => void route());
  void navigator.storage.persist(); // what is not sent yet is not a cache
  await sendAll();
  await route();
}

function greet(config: Config, message: string): void {
  show("Your workbook", ...welcome(config, message));
}

function show(title: string, ...parts: Node[]): void {
  const heading = h("h1", { tabindex: -1, dir: "auto" }, title);
  const first = !main.childElementCount;
  document.title = `${title} · Testamur`;
  const [way, ...rest] = parts; // the way back stands above the heading
  main.replaceChildren(...(way?.nodeName === "NAV" ? [way, heading, ...rest] : [heading, ...parts]));
  if (!first) heading.focus();
  window.scrollTo(0, 0);
}

void start().catch(() =>
  show(
    "Your workbook",
    h("p", { class: "card warn", role: "alert" }, "The app cannot start here just now. Load it again."),
  ),
);
