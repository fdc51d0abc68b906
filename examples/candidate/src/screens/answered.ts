/** An answer as it is read, not written: of a signed page, or beside another one. */

import { h } from "../dom.ts";
import type { Answer, Item } from "../model.ts";

export function answered(item: Item, answer: Answer): HTMLElement {
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
    default:
      return answer.text ? h("p", { class: "answer", dir: "auto" }, answer.text) : nothing();
  }
}

function nothing(): HTMLElement {
  return h("p", { class: "answer soft" }, "Not answered");
}
