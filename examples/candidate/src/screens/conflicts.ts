/** What was changed here and elsewhere, side by side, for the candidate to choose. */

import { h } from "../dom.ts";
import type { Answer, Answers, Item } from "../model.ts";
import type { Saver } from "../saver.ts";
import { answered } from "./answered.ts";

export function conflicts(
  items: Item[],
  ours: Answers,
  theirs: Record<string, Answer>,
  saver: Saver,
  fileOf: (id: string) => HTMLElement,
): HTMLElement {
  const side = (item: Item, title: string, answer: Answer, choose: string, chosen: () => Promise<void>) => {
    const button = h("button", { type: "button", onclick: () => void chosen() }, choose);
    return h("div", {}, h("h3", {}, title), answered(item, answer, fileOf), button);
  };
  const sides = items.map((item) =>
    h(
      "section",
      { class: "clash", "aria-label": item.text },
      h("p", { class: "asked", dir: "auto" }, item.text),
      h(
        "div",
        { class: "sides" },
        side(item, "On this device", ours[item.id] ?? {}, "Keep this one", () => saver.choose(item.id, true)),
        side(item, "Saved elsewhere", theirs[item.id] ?? {}, "Take this one", () =>
          saver.choose(item.id, false),
        ),
      ),
    ),
  );
  return h(
    "section",
    { class: "card warn", role: "group" },
    h("h2", { tabindex: -1 }, "Changed here and elsewhere"),
    h(
      "p",
      {},
      "Other answers were saved meanwhile, on another device of yours. Nothing is lost: choose which ones stay.",
    ),
    ...sides,
  );
}
