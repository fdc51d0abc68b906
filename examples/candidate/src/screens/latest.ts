/** What the server says, or what it said last where there is no network. */

import type { Outcome } from "../api.ts";
import type { App } from "../app.ts";
import { h } from "../dom.ts";

type Latest<T> = { ok: true; data: T; url: string; old: HTMLElement | null } | { ok: false; code: string };

export async function latest<T>(
  app: App,
  centre: string,
  name: string,
  ask: () => Promise<Outcome<T>>,
): Promise<Latest<T>> {
  const key = `${app.personAt(centre)}/${name}`;
  const outcome = await ask();
  if (outcome.ok) {
    await app.store.keepView(key, { data: outcome.data, url: outcome.url });
    return { ok: true, data: outcome.data, url: outcome.url, old: null };
  }
  if (outcome.code === "unauthenticated") app.signInAgain();
  const kept = outcome.passing ? await app.store.view(key) : undefined;
  if (!kept) return { ok: false, code: outcome.code };
  const old = h("p", { class: "card warn" }, "There is no network just now. This is how it stood last.");
  return { ok: true, ...(kept as { data: T; url: string }), old };
}
