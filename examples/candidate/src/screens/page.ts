/** One page: filling it, signing it, and what has become of it. */

import type { PagePath } from "../api.ts";
import type { App } from "../app.ts";
import { h, paragraphs, when } from "../dom.ts";
import { attached } from "../evidence/card.ts";
import { type FileOnItsWay, isWaiting } from "../evidence/files.ts";
import { type Field, fieldOf } from "../fields.ts";
import type { Attempt, PageText } from "../model.ts";
import type { Saver } from "../saver.ts";
import { keyOf } from "../store.ts";
import { type Edit, isLocked, shown, type Work } from "../work.ts";
import { FILES_WAIT, problemInWords, STATUS, UNSIGNED } from "../words.ts";
import { answered } from "./answered.ts";
import { conflicts } from "./conflicts.ts";

export async function page(app: App, path: PagePath): Promise<void> {
  const key = keyOf(app.personAt(path.centre_id), path);
  const saver = app.saverOf(key);
  const outcome = await saver.open();
  const back = h(
    "nav",
    { "aria-label": "Way back" },
    h("a", { href: `#/${path.centre_id}/${path.enrolment_id}` }, "All pages"),
  );
  const { work, edits, files } = await app.store.load(key);
  if (!work) {
    if (!outcome.ok && outcome.code === "unauthenticated") app.signInAgain();
    const failed = outcome.ok ? "" : problemInWords(outcome.code);
    return app.show("Page", back, h("p", { class: "card warn", role: "alert" }, failed));
  }
  const notices = h("div");
  const form = h("div");
  const history = attempts(app, path);
  const bar = statusBar(app, saver, notices);
  const stale = outcome.ok
    ? null
    : h("p", { class: "card warn" }, problemInWords(outcome.code), " This is the page as it stood last.");
  const lookAgain = async () => (await saver.open()).ok && stale?.remove();
  if (stale) window.addEventListener("online", () => void lookAgain(), { once: true });
  const screen = new PageScreen(app, saver, notices, form);
  screen.draw(work, edits, files);
  bar.draw(isLocked(work.view), files.some(isWaiting));
  app.show(
    work.view.page.title,
    ...[
      back,
      ...(stale ? [stale] : []),
      notices,
      ...paragraphs(work.view.page.instructions),
      form,
      history,
      bar.element,
    ],
  );
  app.onChange(async (changed) => {
    if (changed !== key) return;
    const typed = screen.typed;
    const now = await app.store.load(key);
    if (!now.work) return;
    bar.draw(isLocked(now.work.view), now.files.some(isWaiting));
    // What was typed while we looked will call us again.
    if (typed === screen.typed) screen.draw(now.work, now.edits, now.files);
  });
}

class PageScreen {
  /** How often something was typed: what was read before it is no longer what is shown. */
  typed = 0;
  #fields: Field[] = [];
  #mode = "";
  #noticed = "";
  #undecided = false; // between what was typed here and what was saved elsewhere

  constructor(
    private readonly app: App,
    private readonly saver: Saver,
    private readonly notices: HTMLElement,
    private readonly form: HTMLElement,
  ) {}

  /** Show the page as it stands, touching nothing that is the same. */
  draw(work: Work, edits: Edit[], files: FileOnItsWay[]): void {
    const mode = isLocked(work.view) ? "read" : work.signing ? "signing" : "write";
    const before = this.#mode;
    if (mode !== before) this.#drawForm(work, mode);
    const answers = shown(work, edits);
    for (const field of this.#fields) field.show(answers[field.item.id] ?? {}, files);
    this.#drawNotices(work, edits, Boolean(before) && mode === "read" && mode !== before);
  }

  #drawForm({ view }: Work, mode: string): void {
    this.#mode = mode;
    const number = new Map(view.page.items.map((item, index) => [item.id, index + 1]));
    if (mode === "read") {
      this.#fields = [];
      const cards = view.page.items.map((item) =>
        h(
          "section",
          { class: "card" },
          h("p", { class: "asked", dir: "auto" }, `${number.get(item.id)}. ${item.text}`),
          answered(item, view.answers[item.id] ?? {}, this.#fileOf),
        ),
      );
      this.form.replaceChildren(h("h2", {}, "What you signed"), ...cards);
      return;
    }
    this.#fields = view.page.items.map((item) =>
      fieldOf(this.app, this.saver.page, item, number.get(item.id) ?? 0, (field) => {
        this.typed += 1;
        const read = field.read();
        const isPart = item.kind === "evidence"; // the files of the answer come and go by themselves
        void this.saver.edit(item.id, isPart ? (answer) => ({ ...answer, ...read }) : read);
      }),
    );
    const all = h(
      "fieldset",
      { disabled: mode === "signing", "aria-label": "The page's items" },
      ...grouped(view.page, this.#fields),
      this.#signature(view),
    );
    this.form.replaceChildren(
      h("form", { onsubmit: (event) => event.preventDefault(), novalidate: true }, all),
    );
  }

  #signature({ declaration }: Work["view"]): HTMLElement {
    const name = h("input", {
      type: "text",
      id: "signature",
      autocomplete: "name",
      dir: "auto",
      maxlength: 200,
    });
    const sign = () => {
      for (const field of this.#fields) field.mark(field.lacks());
      if (this.#undecided) return this.notices.querySelector("h2")?.focus();
      const flaws = this.#fields.flatMap((field) =>
        field.lacks().map(({ at, said }) => ({
          said: `${this.#numberOf(field)}. ${said}`,
          go: () => field.focus(at),
        })),
      );
      if (!name.value.trim()) flaws.push({ said: "Type your name to sign.", go: () => name.focus() });
      if (flaws.length) this.#summarise("The page cannot be signed yet", flaws);
      else void this.saver.sign(declaration.version, name.value.trim());
    };
    return h(
      "section",
      { class: "card sign" },
      h("h2", {}, "Sign this page"),
      ...paragraphs(declaration.text),
      h("label", { class: "label", for: "signature" }, "Your name, as your signature"),
      name,
      h("button", { type: "button", onclick: sign }, "Sign this page"),
    );
  }

  #numberOf(field: Field): number {
    return this.#fields.indexOf(field) + 1;
  }

  /** List what is wrong where it cannot be missed, each with the way to it. */
  #summarise(title: string, flaws: { said: string; go(): void }[]): void {
    const follow = (go: () => void) => (event: Event) => {
      event.preventDefault();
      go();
    };
    const links = flaws.map(({ said, go }) => h("li", {}, h("a", { href: "#", onclick: follow(go) }, said)));
    const summary = h(
      "div",
      { class: "alert", role: "alert", tabindex: -1 },
      h("h2", {}, title),
      h("ul", {}, ...links),
    );
    this.notices.querySelector(".alert")?.remove();
    this.notices.prepend(summary);
    summary.focus();
  }

  #drawNotices(work: Work, edits: Edit[], justSigned: boolean): void {
    const { view, theirs, refusal, unsigned } = work;
    // Where nothing can be changed there is nothing to choose.
    const items = isLocked(view) ? [] : view.page.items.filter((item) => item.id in theirs);
    this.#undecided = items.length > 0;
    const ours = items.map((item) => shown(work, edits)[item.id] ?? {});
    const noticed = JSON.stringify([view.state, view.latest_attempt, ours, theirs, refusal, unsigned]);
    if (noticed === this.#noticed) return;
    this.#noticed = noticed;
    const latest = view.latest_attempt;
    const unsent = refusal && !refusal.items.length;
    const inside = this.notices.contains(document.activeElement);
    this.notices.replaceChildren(
      ...(unsigned && !isLocked(view) ? [notice("Not signed", UNSIGNED)] : []),
      ...(unsent ? [refused(refusal.code, this.saver, isLocked(view))] : []),
      ...(items.length ? [conflicts(items, shown(work, edits), theirs, this.saver, this.#fileOf)] : []),
      ...(latest && view.state !== "open" ? [outcome(latest)] : []),
    );
    if (refusal?.items.length) {
      for (const field of this.#fields) {
        const lacks = refusal.items.filter(({ item }) => item === field.item.id);
        field.mark(lacks.map(({ at, detail }) => ({ at, said: detail })));
      }
      const flaws = refusal.items.map(({ item, at, detail }) => {
        const field = this.#field(item);
        return { said: field ? `${this.#numberOf(field)}. ${detail}` : detail, go: () => field?.focus(at) };
      });
      this.#summarise(problemInWords(refusal.code), flaws);
    }
    // What had the focus is gone: go on where the news is.
    if (justSigned || inside) (this.notices.querySelector("h2") ?? document.querySelector("h1"))?.focus();
  }

  #fileOf = (id: string) => attached(this.app, this.saver.page, id);

  #field(item: string): Field | undefined {
    return this.#fields.find((field) => field.item.id === item);
  }
}

/** The items in printed order, each group beneath its heading. */
function grouped(page: PageText, fields: Field[]): HTMLElement[] {
  return fields.flatMap((field) => {
    const group = page.groups.find(({ items }) => items[0] === field.item.id);
    return group
      ? [
          ...(group.title ? [h("h2", { dir: "auto" }, group.title)] : []),
          ...paragraphs(group.instructions),
          field.element,
        ]
      : [field.element];
  });
}

/** How the latest attempt stands: the receipt, and the assessor's feedback. */
function outcome(latest: Attempt): HTMLElement {
  const { judgement } = latest;
  const receipt = JSON.stringify(latest, null, 2);
  const address = URL.createObjectURL(new Blob([receipt], { type: "application/json" }));
  const [kind, title] = !judgement
    ? ["", "Signed. Your assessor has been told."]
    : judgement.competent
      ? ["right", "Judged competent"]
      : ["warn", "Returned to you: not yet competent"];
  const feedback = judgement?.feedback;
  return h(
    "section",
    { class: `card state ${kind}` },
    h("h2", { tabindex: -1 }, title),
    feedback && h("div", { class: "feedback" }, h("h3", {}, "Feedback"), ...paragraphs(feedback)),
    h(
      "dl",
      {},
      ...[h("dt", {}, "Attempt"), h("dd", {}, String(latest.number))],
      ...[h("dt", {}, "Signed"), h("dd", {}, when(latest.signed_at))],
      ...[h("dt", {}, "Fingerprint"), h("dd", {}, h("code", {}, latest.content_hash))],
    ),
    h(
      "p",
      {},
      h(
        "a",
        { href: address, download: `receipt-${latest.page_id}-${latest.number}.json` },
        "Keep this receipt",
      ),
    ),
  );
}

function refused(code: string, saver: Saver, locked: boolean): HTMLElement {
  const discard = h("button", { type: "button", onclick: () => void saver.discard() }, "Let go of it");
  return notice("Not sent", problemInWords(code), ...(locked ? [discard] : []));
}

function notice(title: string, said: string, ...more: HTMLElement[]): HTMLElement {
  return h(
    "section",
    { class: "card warn", role: "alert" },
    h("h2", { tabindex: -1 }, title),
    h("p", {}, said),
    ...more,
  );
}

/** Every attempt of the page, fetched when somebody wants to see them. */
function attempts(app: App, path: PagePath): HTMLElement {
  const list = h("ul");
  const load = async () => {
    const found = await app.api.attempts(path);
    if (!found.ok) return list.replaceChildren(h("li", {}, problemInWords(found.code)));
    const entries = found.data.items.map((each) => {
      const { judgement } = each;
      const judged = judgement ? (judgement.competent ? "competent" : "not yet competent") : "waits";
      return h(
        "li",
        {},
        `${each.number}: signed `,
        when(each.signed_at),
        `, ${each.withdrawn_at ? "withdrawn" : judged}`,
      );
    });
    list.replaceChildren(...(entries.length ? entries : [h("li", {}, "Not signed yet")]));
  };
  return h(
    "details",
    { ontoggle: () => void load() },
    h("summary", {}, "Every time you signed this page"),
    list,
  );
}

/** Always in sight: whether what was typed is safe, and where. */
function statusBar(app: App, saver: Saver, notices: HTMLElement) {
  const status = h("span", { role: "status" });
  const again = h("button", { type: "button", onclick: () => app.signInAgain() }, "Sign in again");
  const show = h("button", { type: "button", onclick: () => notices.querySelector("h2")?.focus() }, "Show");
  const element = h("div", { class: "bar" }, status, again, show);
  const draw = (read: boolean, files: boolean) => {
    const text = saver.status === "saved" && files ? FILES_WAIT : STATUS[saver.status];
    if (status.textContent !== text) status.textContent = text;
    element.dataset["status"] = saver.status;
    again.hidden = saver.status !== "signed-out" && app.sender.trouble !== "unauthenticated";
    show.hidden = !["choose", "refused"].includes(saver.status);
    element.hidden = read && saver.status === "saved" && !files; // nothing is at stake
  };
  return { element, draw };
}
