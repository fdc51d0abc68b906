/** The candidate's enrolments. */

import type { App } from "../app.ts";
import { day, h } from "../dom.ts";
import type { EnrolmentSummary } from "../model.ts";
import { latest } from "./latest.ts";
import { problemInWords } from "../words.ts";

const STATES: Record<string, string> = {
  active: "In progress",
  "on-break": "On a break",
  "awaiting-verification": "Being verified",
  complete: "Complete",
  withdrawn: "Withdrawn",
  transferred: "Transferred",
};

export async function home(app: App): Promise<void> {
  const centres = app.me.memberships.filter(({ roles }) => roles.includes("candidate"));
  const lists = centres.map(async ({ centre_id, person_id, name }) => {
    const found = await latest(app, centre_id, "enrolments", () => app.api.enrolments(centre_id, person_id));
    if (!found.ok) return h("p", { class: "card warn", role: "alert" }, problemInWords(found.code));
    const cards = found.data.map((each) => card(centre_id, each));
    const list = cards.length
      ? h("ul", { class: "plain" }, ...cards)
      : h("p", {}, "You are not enrolled in anything yet.");
    return h("section", {}, h("p", { class: "soft" }, "Signed in as ", h("bdi", {}, name)), found.old, list);
  });
  const nowhere = h("p", {}, "You are not a candidate at any centre.");
  app.show("Your modules", ...(lists.length ? await Promise.all(lists) : [nowhere]));
}

function card(centre: string, each: EnrolmentSummary): HTMLElement {
  return h(
    "li",
    {},
    h(
      "a",
      { class: "card link", href: `#/${centre}/${each.id}` },
      h("strong", { dir: "auto" }, each.module_title),
      h("span", { class: "soft" }, STATES[each.state] ?? each.state),
      each.due_on && h("span", { class: "soft" }, "Due ", day(each.due_on)),
    ),
  );
}
