/** An answer as it is read, not written: of a signed page, or beside another one. */

import { h } from "../dom.ts";
import { isGiven } from "../evidence/rules.ts";
import type { Answer, Evidence, FormField, Item, Value } from "../model.ts";

export function answered(item: Item, answer: Answer, fileOf: (id: string) => HTMLElement): HTMLElement {
  switch (item.kind) {
    case "statement": {
      if (answer.understood == null && !answer.initials) return nothing();
      const said = answer.understood == null ? "–" : answer.understood ? "Yes, understood" : "No, not yet";
      return h("p", { class: "answer", dir: "auto" }, `${said} · ${answer.initials || "no initials"}`);
    }
    case "choice": {
      const chosen = item.options.filter((option) => answer.chosen?.includes(option.id));
      if (!chosen.length) return nothing();
      return h("ul", { class: "answer" }, ...chosen.map(({ text }) => h("li", { dir: "auto" }, text)));
    }
    case "evidence":
      return item.by === "candidate"
        ? collected(item, answer, fileOf)
        : h(
            "p",
            { class: "answer soft" },
            item.by === "witness" ? "Signed by a witness" : "Signed by your assessor",
          );
    default:
      return answer.text ? h("p", { class: "answer", dir: "auto" }, answer.text) : nothing();
  }
}

function collected(item: Evidence, answer: Answer, fileOf: (id: string) => HTMLElement): HTMLElement {
  const files = (answer.attachments ?? []).map(fileOf);
  const filled = (item.form?.fields ?? []).flatMap((field) => {
    const value = answer.values?.[field.id];
    return isGiven(value)
      ? [h("dt", { dir: "auto" }, field.label), h("dd", { dir: "auto" }, said(field, value))]
      : [];
  });
  const departed = (item.form?.rules ?? []).flatMap(({ id, text }) => {
    const reason = answer.reasons?.[id];
    return reason
      ? [h("dt", { dir: "auto" }, `Departs from: ${text}`), h("dd", { dir: "auto" }, reason)]
      : [];
  });
  if (!files.length && !filled.length) return nothing();
  return h(
    "div",
    {},
    filled.length ? h("dl", { class: "answer" }, ...filled, ...departed) : null,
    files.length ? h("ul", { class: "plain files" }, ...files) : null,
  );
}

function said(field: FormField, value: Value): string {
  if (typeof value === "boolean") return value ? "Yes" : "No";
  const texts = [value]
    .flat()
    .map((each) => field.options.find(({ id }) => id === each)?.text ?? String(each));
  return texts.join("; ");
}

function nothing(): HTMLElement {
  return h("p", { class: "answer soft" }, "Not answered");
}
