/** An item that somebody else provides: what it waits for. */

import { h } from "../dom.ts";
import type { Field } from "../fields.ts";
import type { Evidence } from "../model.ts";

export function contributed(item: Evidence, number: number): Field {
  const element = h(
    "section",
    { class: "card", tabindex: -1 },
    h("p", { class: "asked", dir: "auto" }, `${number}. ${item.text}`),
    h(
      "p",
      { class: "soft" },
      item.by === "witness" ? "A witness provides this." : "Your assessor provides this.",
    ),
  );
  const error = h("p", { class: "error" });
  element.append(error);
  return {
    item,
    element,
    read: () => ({}),
    show: () => {},
    lacks: () => [], // the server knows
    mark: (lacks) => void (error.textContent = lacks.map(({ said }) => said).join(" ")),
    focus: () => element.focus(),
  };
}
