/** Before anybody is signed in. */

import type { Config } from "../config.ts";
import { h } from "../dom.ts";
import { signIn, signInAs } from "../signin.ts";

export function welcome(config: Config, message: string): HTMLElement[] {
  const people = (config.local?.people ?? []).map(({ name, about, username, password }) =>
    h(
      "button",
      { type: "button", onclick: () => void signInAs(config, username, password) },
      `Sign in as ${name}`,
      h("span", {}, about),
    ),
  );
  const start = h("button", { type: "button", onclick: () => void signIn(config) }, "Sign in");
  return [
    h("p", { class: "lead" }, "Work through your modules page by page, on any device."),
    h("p", {}, "What you type is kept on this device first, and sent when there is a network."),
    ...(message ? [h("p", { class: "card warn", role: "alert" }, message)] : []),
    // A local cloud has made-up people alone: nobody there has a password to type.
    people.length
      ? h("section", { class: "card" }, h("h2", {}, "On this local cloud"), ...people)
      : h("p", {}, start),
  ];
}
