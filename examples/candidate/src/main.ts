/** Starts the app: who is signed in, which screen, and one saver for each page. */

import { createApi } from "./api.ts";
import type { App } from "./app.ts";
import { type Config, readConfig } from "./config.ts";
import { h } from "./dom.ts";
import type { Me } from "./model.ts";
import { Saver } from "./saver.ts";
import { enrolment } from "./screens/enrolment.ts";
import { home } from "./screens/home.ts";
import { page } from "./screens/page.ts";
import { welcome } from "./screens/welcome.ts";
import { comeBack, keepSession, session, signIn } from "./signin.ts";
import { openStore, type Store } from "./store.ts";
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
  const me = outcome.ok ? outcome.data : (known as Me);
  const listeners = new Set<(page: string) => void>();
  const savers = new Map<string, Saver>();
  const store = await openStore((changed, elsewhere) => {
    if (elsewhere) void savers.get(changed)?.heard();
    listeners.forEach((listener) => listener(changed));
  });
  await run(config, api, store, me, listeners, savers);
}

async function run(
  config: Config,
  api: App["api"],
  store: Store,
  me: Me,
  listeners: Set<(page: string) => void>,
  savers: Map<string, Saver>,
): Promise<void> {
  const persons = me.memberships.map(({ person_id }) => person_id);
  const app: App = {
    ...{ config, api, store, me },
    personAt: (centre) => me.memberships.find(({ centre_id }) => centre_id === centre)?.person_id ?? "nobody",
    unsent: async () => (await Promise.all(persons.map((person) => store.unsent(person)))).flat(),
    saverOf: (key) => {
      const told = (saver: Saver) => listeners.forEach((listener) => listener(saver.page));
      const saver = savers.get(key) ?? new Saver(key, api, store, told);
      savers.set(key, saver);
      return saver;
    },
    show,
    onChange: (listener) => void listeners.add(listener),
    signInAgain: () => void signIn(config),
  };
  const sendAll = async () => {
    for (const key of await app.unsent()) app.saverOf(key).soon();
  };
  const route = async () => {
    listeners.clear();
    const [, centre_id, enrolment_id, page_id] = location.hash.split("/").map(decodeURIComponent);
    if (centre_id && enrolment_id && page_id) await page(app, { centre_id, enrolment_id, page_id });
    else if (centre_id && enrolment_id) await enrolment(app, { centre_id, enrolment_id });
    else await home(app);
  };
  const leave = async () => {
    if ((await app.unsent()).length && !confirm(LEAVE_UNSENT)) return;
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

void start().catch(() => show("Your workbook", h("p", { class: "card warn", role: "alert" }, "The app cannot start here just now. Load it again.")));
