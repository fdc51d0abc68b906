/** An item that is answered with files, and with a form where it has one. */

import type { App } from "../app.ts";
import { h } from "../dom.ts";
import type { Field, Lack } from "../fields.ts";
import type { Evidence } from "../model.ts";
import { Card } from "./card.ts";
import { earlier } from "./earlier.ts";
import { type FileOnItsWay, isWaiting, withFile } from "./files.ts";
import { formFields } from "./form.ts";
import { ACCEPT, mediaTypeOf } from "./media.ts";

export function evidence(
  app: App,
  page: string,
  item: Evidence,
  number: number,
  typed: (field: Field) => void,
): Field {
  const saver = app.saverOf(page);
  const form = item.form && formFields(item.id, item.form);
  const cards = new Map<string, Card>();
  const list = h("ul", { class: "plain files", "aria-label": "Files" });
  const news = h("p", { role: "status", class: "soft" });
  const spoken = h("p", { role: "status", class: "unseen" }); // what the cards show already
  const error = h("p", { class: "error", id: `${item.id}-error` });
  let attachments: string[] = [];
  let count = 0;
  let marked = ""; // what was lacking when it was last marked as wrong
  let next = ""; // the file that is to be described next

  const say = (words: string) => void (news.textContent = words);
  const speak = (words: string) => void (spoken.textContent = words);
  const takeOut = async (id: string) => {
    await saver.edit(item.id, (answer) => withFile(answer, null, id));
    // What was rejected is of use to nobody.
    if (app.attachments.get(page, id)?.state === "rejected")
      await app.api.deleteAttachment(centreOf(page), id);
  };
  const use = (id: string) => saver.edit(item.id, (answer) => withFile(answer, id));
  const keep = async (files: FileList | null) => {
    const chosen = [...(files ?? [])].slice(0, item.most_files - count);
    const left = (files?.length ?? 0) - chosen.length;
    say(left ? `This takes at most ${item.most_files} files; ${left} were left out.` : "");
    try {
      for (const each of chosen) {
        const file = newFile(page, item.id, each);
        next ||= file.id;
        await app.store.choose(file, each);
      }
    } catch {
      next = "";
      say("This device has no room for the file. Make room, or send it from another device.");
    }
  };
  const chooser = picker(`${item.id}-files`, "Choose files", { accept: ACCEPT, multiple: true }, keep);
  const camera = picker(
    `${item.id}-camera`,
    "Take a photograph",
    { accept: "image/*", capture: "environment" },
    keep,
  );
  camera.element.classList.add("camera"); // for devices that are held in a hand
  chooser.input.setAttribute("aria-describedby", error.id);
  const before = earlier(app, page, () => attachments, use);
  const element = h(
    "fieldset",
    { class: "card" },
    h("legend", {}, h("span", { id: `${item.id}-asked`, dir: "auto" }, `${number}. ${item.text}`)),
    ...(form ? form.elements : []),
    h("p", { class: "soft" }, filesInWords(item)),
    list,
    news,
    spoken,
    h("div", { class: "choose" }, chooser.element, camera.element),
    before,
    error,
  );

  const field: Field = {
    item,
    element,
    read: () => form?.read() ?? {},
    show: (answer, files) => {
      form?.show(answer);
      attachments = answer.attachments ?? [];
      const mine = files.filter((file) => file.item === item.id && isWaiting(file));
      const loose = mine.filter(({ upload }) => !upload || !attachments.includes(upload));
      const wanted = [...attachments, ...loose.map(({ id }) => id)];
      count = wanted.length;
      const isNew = (id: string) => !cards.has(id);
      for (const file of mine) {
        // The card of a file stays the same when the server has given the file its id.
        const card = cards.get(file.id);
        if (card && file.upload && wanted.includes(file.upload)) {
          cards.delete(file.id);
          cards.set(file.upload, card);
        }
      }
      const added = wanted.filter(isNew);
      for (const id of wanted) {
        const card = cards.get(id) ?? new Card({ app, page, takeOut: (each) => void takeOut(each) }, speak);
        cards.set(id, card);
        const file = mine.find((each) => each.id === id || each.upload === id);
        if (file) card.file(file);
        else card.attachment(id);
      }
      for (const id of added) list.append(cards.get(id)?.element ?? "");
      list.hidden = !wanted.length;
      const focused = document.activeElement;
      for (const element of [chooser.element, camera.element, before])
        element.hidden = count >= item.most_files;
      // What had the focus goes: on to what is next.
      if (before.hidden && before.contains(focused)) cards.get(added.at(-1) ?? "")?.element.focus();
      for (const id of [...cards.keys()].filter((each) => !wanted.includes(each))) {
        const card = cards.get(id);
        if (card?.element.contains(focused)) chooser.input.focus();
        card?.element.remove();
        cards.delete(id);
      }
      if (added.includes(next)) {
        cards.get(next)?.element.querySelector("input")?.focus();
        next = "";
      }
      remark();
    },
    lacks: () => [...(form?.lacks() ?? []), ...filesLacking()],
    mark: (lacks) => {
      marked = lacks.length ? JSON.stringify(field.lacks()) : "";
      form?.mark(lacks);
      const rest = lacks.filter(({ at }) => !form || at.startsWith("attachments") || !at);
      error.textContent = rest.map(({ said }) => said).join(" ");
    },
    focus: (at) => {
      if (form?.focus(at)) return;
      const wrong = [...cards.values()].find(({ shown }) => shown.lack);
      if (wrong) wrong.element.focus();
      else chooser.input.focus();
    },
  };
  const remark = () => {
    if (marked && marked !== JSON.stringify(field.lacks())) field.mark(field.lacks());
  };
  const filesLacking = (): Lack[] => {
    const waiting = [...cards.values()].map(({ shown }) => shown.lack).filter(Boolean);
    const missing = item.least_files - count;
    if (missing > 0) waiting.push(`Add at least ${item.least_files}; ${count} so far.`);
    return waiting.map((said) => ({ at: "attachments", said }));
  };
  element.addEventListener("input", (event) => {
    if (!form || !(event.target instanceof HTMLElement) || !event.target.closest(".entry")) return;
    form.look();
    remark();
    typed(field);
  });
  return field;
}

function newFile(page: string, item: string, file: File): FileOnItsWay {
  return {
    ...{ id: crypto.randomUUID(), key: crypto.randomUUID(), page, item },
    ...{ name: file.name, media_type: mediaTypeOf(file), size: file.size },
    ...{ caption: "", alt_text: "", stage: "chosen", upload: null, refusal: null },
  };
}

/** A button that opens the device's own chooser. */
function picker(
  id: string,
  text: string,
  props: Record<string, string | boolean>,
  chosen: (files: FileList | null) => Promise<void>,
) {
  const input = h("input", {
    ...{ type: "file", id, class: "unseen", ...props },
    onchange: async () => {
      await chosen(input.files);
      input.value = ""; // so that the same file can be chosen once more
    },
  });
  return { input, element: h("label", { class: "button", for: id }, input, text) };
}

function filesInWords({ least_files: least, most_files: most }: Evidence): string {
  if (least === most) return most === 1 ? "One file." : `${most} files.`;
  if (least) return `${least} to ${most} files.`;
  return most === 1 ? "A file may be added." : `Files may be added, up to ${most}.`;
}

function centreOf(page: string): string {
  return page.split("/")[1] ?? "";
}
