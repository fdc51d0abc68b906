/** One enrolment: what waits on whom, page by page, and the certificate in the end. */

import type { EnrolmentPath } from "../api.ts";
import type { App } from "../app.ts";
import { day, h } from "../dom.ts";
import type { Enrolment, PageText, Progress } from "../model.ts";
import { keyOf } from "../store.ts";
import { problemInWords } from "../words.ts";
import { latest } from "./latest.ts";

const TAGS: Record<string, [kind: string, text: string]> = {
  open: ["", "To do"],
  signed: ["", "Signed"],
  "not-yet-competent": ["warn", "Returned to you"],
  competent: ["right", "Competent"],
};

export async function enrolment(app: App, path: EnrolmentPath): Promise<void> {
  const found = await latest(app, path.centre_id, `enrolment/${path.enrolment_id}`, () =>
    app.api.enrolment(path),
  );
  if (!found.ok) return app.show("Your module", back(), failed(found.code));
  const { module_id, module_version, pages } = found.data;
  const name = `module/${module_id}/${module_version}`;
  const module = await latest(app, path.centre_id, name, () =>
    app.api.module(path.centre_id, module_id, module_version),
  );
  if (!module.ok) return app.show("Your module", back(), failed(module.code));
  const unsent = await app.unsent();
  const progress = new Map(pages.map((page) => [page.page_id, page]));
  const row = (page: PageText) => {
    const key = keyOf(app.personAt(path.centre_id), { ...path, page_id: page.id });
    return entry(path, page, progress.get(page.id), found.data, unsent.includes(key));
  };
  const elements = module.data.elements.map((element) =>
    h(
      "section",
      {},
      h("h2", { dir: "auto" }, element.title),
      h("ol", { class: "plain" }, ...element.pages.map(row)),
    ),
  );
  const done = `${found.data.pages_competent} of ${pages.length} pages competent`;
  app.show(
    module.data.title,
    back(),
    ...(found.old ? [found.old] : []),
    h("p", {}, done),
    h("progress", { max: pages.length, value: found.data.pages_competent, "aria-label": done }),
    ...(found.data.state === "complete" ? [await certificate(app, path)] : []),
    h("div", { lang: module.data.language }, ...elements),
  );
}

function entry(
  path: EnrolmentPath,
  page: PageText,
  progress: Progress | undefined,
  enrolled: Enrolment,
  unsent: boolean,
): HTMLElement {
  const [kind, text] = TAGS[progress?.state ?? "open"] ?? ["", progress?.state ?? ""];
  return h(
    "li",
    {},
    h(
      "a",
      { class: "card link", href: `#/${path.centre_id}/${path.enrolment_id}/${page.id}` },
      h("strong", { dir: "auto" }, page.title),
      h("span", { class: `tag ${kind}` }, text),
      progress && h("span", { class: "soft" }, waitsOn(progress, enrolled), day(progress.since)),
      unsent && h("span", { class: "tag warn" }, "Not sent yet"),
    ),
  );
}

function waitsOn(progress: Progress, enrolled: Enrolment): string {
  if (!progress.waits_on) return "Since ";
  if (progress.waits_on === enrolled.candidate_id) return "With you since ";
  return progress.waits_on === enrolled.assessor_id ? "With your assessor since " : "With your centre since ";
}

async function certificate(app: App, path: EnrolmentPath): Promise<HTMLElement> {
  const found = await latest(app, path.centre_id, `certificate/${path.enrolment_id}`, () =>
    app.api.certificate(path),
  );
  if (!found.ok) return failed(found.code);
  const message = h("p", { role: "status" });
  const download = async () => {
    const link = await app.api.certificatePdf(path);
    if (link.ok) location.assign(link.data.url);
    else message.textContent = problemInWords(link.code);
  };
  return h(
    "section",
    { class: "card" },
    h("h2", {}, "Your certificate"),
    h("p", {}, found.data.state_in_words),
    // The address that the API gives is relative to where it was read (RFC 3986, section 5).
    h(
      "p",
      {},
      h("a", { href: new URL(found.data.page, found.url).href }, "The page that anybody can check it on"),
    ),
    h("button", { type: "button", onclick: () => void download() }, "Download it as PDF"),
    message,
  );
}

function back(): HTMLElement {
  return h("nav", { "aria-label": "Way back" }, h("a", { href: "#/" }, "Your modules"));
}

function failed(code: string): HTMLElement {
  return h("p", { class: "card warn", role: "alert" }, problemInWords(code));
}
