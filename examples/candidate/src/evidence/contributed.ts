/** An item that somebody else provides: what it waits for; and asking a witness for it. */

import type { App } from "../app.ts";
import { day, h } from "../dom.ts";
import type { Field } from "../fields.ts";
import type { Contribution, Evidence, Witness } from "../model.ts";
import { pathOf } from "../store.ts";
import { problemInWords } from "../words.ts";

export function contributed(app: App, page: string, item: Evidence, number: number): Field {
  const isWitness = item.by === "witness";
  const stands = h("p", {}, isWitness ? "A witness provides this." : "Your assessor provides this.");
  const error = h("p", { class: "error" });
  let known: Contribution | undefined;
  const show = (now: Contribution | undefined) => {
    known = now;
    if (now) stands.replaceChildren(...inWords(now));
    if (invite) invite.hidden = now?.state === "signed";
  };
  const invite = isWitness ? invitation(app, page, item, show) : null;
  const element = h(
    "section",
    { class: "card", tabindex: -1 },
    h("p", { class: "asked", dir: "auto" }, `${number}. ${item.text}`),
    stands,
    invite,
    error,
  );
  void app.api.contributions(pathOf(page)).then((found) => {
    if (found.ok) show(found.data.items.find(({ item_id }) => item_id === item.id));
  });
  return {
    item,
    element,
    read: () => ({}),
    show: () => {},
    lacks: () =>
      known && known.state !== "signed"
        ? [{ at: "", said: `${isWitness ? "A witness" : "Your assessor"} has to sign this first.` }]
        : [],
    mark: (lacks) => void (error.textContent = lacks.map(({ said }) => said).join(" ")),
    focus: () => element.focus(),
  };
}

function inWords({ by, state, author, signed_at, invitation }: Contribution): (Node | string)[] {
  if (state === "signed" && author && signed_at) {
    return ["Signed by ", h("bdi", {}, `${author.name}, ${author.status}`), ", ", day(signed_at), "."];
  }
  if (by === "assessor") {
    return [
      state === "drafted"
        ? "Your assessor is writing it."
        : "Your assessor provides this; it is not begun yet.",
    ];
  }
  if (!invitation) return ["A witness provides this: somebody who saw you at work. Ask one."];
  const asked = ["Asked: ", h("bdi", {}, `${invitation.name}, ${invitation.relationship}`)];
  return [
    ...asked,
    ", ",
    day(invitation.invited_at),
    ". The link works until ",
    day(invitation.expires_at),
    ".",
  ];
}

const FIELDS: [name: keyof Witness, label: string, type: string, about: string][] = [
  ["name", "Their name", "text", ""],
  ["address", "Their mail address", "email", "Their own. A link goes there; they need no account."],
  ["relationship", "What they are to you", "text", "Such as: line manager."],
  ["status", "What lets them judge your work", "text", "Their post, or a qualification."],
];

function invitation(
  app: App,
  page: string,
  item: Evidence,
  asked: (now: Contribution) => void,
): HTMLDetailsElement {
  const news = h("p", { role: "status" });
  let key = crypto.randomUUID() as string; // the same as long as the same is asked
  const rows = FIELDS.map(([name, label, type, about]) => {
    const id = `${item.id}-${name}`;
    const hint = about && h("p", { class: "soft", id: `${id}-hint` }, about);
    const input = h("input", {
      ...{ id, type, dir: "auto", autocomplete: "off", "aria-describedby": hint && hint.id },
      oninput: () => void (key = crypto.randomUUID()),
    });
    return { name, input, parts: [h("label", { class: "label", for: id }, label), hint, input] };
  });
  const send = async () => {
    const empty = rows.find(({ input }) => !input.value.trim());
    if (empty) {
      news.textContent = "Fill in all of it.";
      return empty.input.focus();
    }
    const given = Object.fromEntries(
      rows.map(({ name, input }) => [name, input.value]),
    ) as unknown as Witness;
    const outcome = await app.api.inviteWitness(pathOf(page), item.id, given, key);
    if (!outcome.ok) {
      const details = (outcome.problem?.errors ?? []).map(({ detail }) => detail).join(" ");
      return void (news.textContent = details || problemInWords(outcome.code));
    }
    key = crypto.randomUUID();
    for (const { input } of rows) input.value = "";
    news.textContent = "Asked. A mail with a link is on its way to them.";
    asked(outcome.data);
  };
  return h(
    "details",
    {},
    h("summary", {}, "Ask a witness"),
    ...rows.flatMap(({ parts }) => parts.filter(Boolean)),
    h("button", { type: "button", onclick: () => void send() }, "Ask them"),
    news,
  );
}
