/** One file of an item: where it stands, and what can be done with it. */

import type { App } from "../app.ts";
import { h } from "../dom.ts";
import type { AttachmentWithFile } from "../model.ts";
import { problemInWords } from "../words.ts";
import { isOnItsWay } from "./attachments.ts";
import type { FileOnItsWay } from "./files.ts";
import { sizeInWords } from "./media.ts";

export interface Place {
  app: App;
  page: string;
  /** Take a file that has reached the server out of the answer; absent where it is only read. */
  takeOut?(id: string): void;
}

/** What a card shows, and in words what is missing before the page can be signed; empty if nothing. */
interface Shown {
  name: string;
  words: string;
  lack: string;
  kind: "right" | "warn" | "";
}

export class Card {
  readonly element = h("li", { class: "file", tabindex: -1 });
  shown: Shown = { name: "", words: "", lack: "", kind: "" };
  #drawn = "";
  #words = h("p", { class: "soft" });
  #progress = h("progress", { max: 1 });

  constructor(
    private readonly place: Place,
    /** Tell people who do not see it. */
    private readonly say: (words: string) => void,
  ) {}

  /** Show a file that is on its way from this device. */
  file(file: FileOnItsWay): void {
    const { trouble } = this.place.app.sender;
    const sent = this.place.app.sender.sent(file);
    this.shown = { name: file.name, ...onItsWay(file, trouble) };
    const going = file.stage !== "chosen" && !file.refusal;
    const percent = Math.floor((100 * sent) / Math.max(file.size, 1));
    this.#words.textContent =
      going && sent && !trouble ? `Sending: ${percent}% of ${sizeInWords(file.size)}` : this.shown.words;
    this.#progress.value = sent / Math.max(file.size, 1);
    this.#redraw([file.id, file.stage === "chosen", trouble, file.refusal], () => [
      h(
        "p",
        { class: "name", dir: "auto" },
        file.name,
        h("span", { class: "soft" }, ` ${sizeInWords(file.size)}`),
      ),
      this.#words,
      ...(file.stage === "chosen" ? this.#description(file) : []),
      ...(going ? [labelled(this.#progress, file.name)] : []),
      h(
        "div",
        { class: "actions" },
        file.refusal && button("Send again", file.name, () => this.place.app.sender.again(file)),
        button("Remove", file.name, async () => {
          await this.place.app.store.removeFile(file.id);
          this.place.app.saverOf(this.place.page).soon();
          this.place.app.sender.soon();
        }),
      ),
    ]);
  }

  /** Show a file that has reached the server. */
  attachment(id: string): void {
    const attachment = this.place.app.attachments.get(this.place.page, id);
    this.shown = { name: attachment?.name ?? "A file", ...arrived(attachment) };
    this.#words.textContent = this.shown.words;
    const { takeOut } = this.place;
    const clean = attachment?.state === "clean" && !attachment.flagged;
    // An address lasts for minutes: a new one alone is no reason to load the picture anew.
    this.#redraw([id, this.shown, Boolean(attachment?.thumbnail_url)], () => [
      clean && attachment.thumbnail_url
        ? h("img", { src: attachment.thumbnail_url, alt: attachment.alt_text || attachment.caption || "" })
        : "",
      h(
        "p",
        { class: "name", dir: "auto" },
        attachment ? `Evidence ${attachment.number}: ${attachment.name}` : "A file",
      ),
      attachment?.caption ? h("p", { dir: "auto" }, attachment.caption) : "",
      this.#words,
      h(
        "div",
        { class: "actions" },
        clean && button("Download", attachment.name, () => this.#download(attachment)),
        takeOut && button("Take out", this.shown.name, () => takeOut(id)),
      ),
    ]);
  }

  async #download({ id }: AttachmentWithFile): Promise<void> {
    const found = await this.place.app.attachments.fresh(this.place.page, id);
    if (found.ok && found.data.url) location.assign(found.data.url);
    else this.#words.textContent = problemInWords(found.ok ? "not-found" : found.code);
  }

  #description(file: FileOnItsWay): HTMLElement[] {
    const { app } = this.place;
    let now = file;
    const keep = (said: Partial<FileOnItsWay>) => app.store.describe((now = { ...now, ...said }));
    const caption = h("input", {
      ...{ type: "text", id: `${file.id}-caption`, dir: "auto", maxlength: 500, value: file.caption },
      oninput: () => void keep({ caption: caption.value }),
    });
    const hint = h("p", { class: "soft", id: `${file.id}-hint` }, ALT_TEXT);
    const alt = h("textarea", {
      ...{ id: `${file.id}-alt`, rows: 2, dir: "auto", maxlength: 1000, "aria-describedby": hint.id },
      oninput: () => void keep({ alt_text: alt.value }),
    });
    alt.value = file.alt_text;
    const send = async () => {
      await keep({ stage: "queued" });
      app.sender.soon();
    };
    return [
      h("label", { class: "label", for: caption.id }, "What does it show?"),
      caption,
      h("label", { class: "label", for: alt.id }, "In words, for those who cannot see or hear it"),
      hint,
      alt,
      button("Send", file.name, send, "send"),
    ];
  }

  /** Draw anew what has changed its shape, and keep the focus where it was. */
  #redraw(shape: unknown[], parts: () => (HTMLElement | string)[]): void {
    const drawn = JSON.stringify(shape);
    if (drawn === this.#drawn) return;
    const inside = this.element.contains(document.activeElement);
    const before = document.activeElement?.textContent;
    this.element.replaceChildren(...parts().filter(Boolean));
    this.element.dataset["kind"] = this.shown.kind;
    if (this.#drawn) this.say(`${this.shown.name}: ${this.shown.words}`);
    this.#drawn = drawn;
    if (!inside) return;
    const buttons = [...this.element.querySelectorAll("button")];
    (buttons.find(({ textContent }) => textContent === before) ?? this.element).focus();
  }
}

const ALT_TEXT = "Leave it empty only where the line above says it all. Name nobody who uses services.";

function button(text: string, about: string, act: () => unknown, kind = "quiet"): HTMLElement {
  return h(
    "button",
    { type: "button", class: kind, "aria-label": `${text} ${about}`, onclick: () => void act() },
    text,
  );
}

function labelled(progress: HTMLProgressElement, name: string): HTMLElement {
  progress.setAttribute("aria-label", name);
  return progress;
}

function onItsWay(file: FileOnItsWay, trouble: string): Omit<Shown, "name"> {
  const { name, refusal } = file;
  if (refusal) {
    const gone = refusal.code === "not-found" ? "It was removed elsewhere meanwhile." : "";
    const why = refusal.details.join(" ") || gone || problemInWords(refusal.code);
    return {
      words: `Not sent. ${why}`,
      lack: `${name} was not sent. Send it again, or remove it.`,
      kind: "warn",
    };
  }
  if (file.stage === "chosen") {
    const words = "Kept on this device. Say what it shows, then send it.";
    return { words, lack: `Send ${name}, or remove it.`, kind: "" };
  }
  const words = trouble ? (TROUBLES[trouble] ?? BUSY) : "Being sent.";
  return { words, lack: `${name} is still on its way. Wait until it has been sent and checked.`, kind: "" };
}

const BUSY = "Kept on this device. The service is busy; it is tried again by itself.";
const TROUBLES: Record<string, string> = {
  offline: "Kept on this device. It goes on when the network is back.",
  unauthenticated: "Kept on this device. Sign in again to send it.",
};

function arrived(attachment: AttachmentWithFile | undefined): Omit<Shown, "name"> {
  if (!attachment) return { words: "Nothing is known of it just now.", lack: "", kind: "" };
  const { name, state } = attachment;
  if (attachment.flagged) {
    const words = "Withheld: it may identify somebody who uses services. Your centre decides about it.";
    return { words, lack: `${name} is withheld. Take it out, or use another file.`, kind: "warn" };
  }
  if (state === "rejected") {
    const words = `Not taken. ${attachment.reason_text ?? ""}`;
    return { words, lack: `${name} was not taken. Take it out, and choose another file.`, kind: "warn" };
  }
  if (isOnItsWay(attachment)) {
    const lack = `${name} has not been checked yet. That takes a minute or so.`;
    return { words: "On its way to being checked.", lack, kind: "" };
  }
  const unscanned = attachment.scanned_by === "off" ? " Not scanned for malware." : "";
  return { words: `Sent and checked.${unscanned}`, lack: "", kind: "right" };
}

/** A file in an answer that is only read. */
export function attached(app: App, page: string, id: string): HTMLElement {
  const card = new Card({ app, page }, () => {});
  const draw = () => card.attachment(id);
  draw();
  app.onChange((changed) => changed === page && draw());
  return card.element;
}
