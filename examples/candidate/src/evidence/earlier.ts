/** Evidence that was sent before: one observation serves several pages. */

import type { App } from "../app.ts";
import { h } from "../dom.ts";
import type { Attachment } from "../model.ts";
import { pathOf } from "../store.ts";
import { problemInWords } from "../words.ts";

export function earlier(
  app: App,
  page: string,
  used: () => string[],
  use: (id: string) => Promise<void>,
): HTMLElement {
  const list = h("ul", { class: "plain files" });
  const news = h("p", { role: "status", class: "soft" });
  const row = (each: Attachment) => {
    const here = () => used().includes(each.id);
    const take = h(
      "button",
      { type: "button", class: "quiet", "aria-label": `Use evidence ${each.number}` },
      "Use",
    );
    const mark = () => take.setAttribute("aria-disabled", "true"); // it keeps the focus
    if (here()) mark();
    take.addEventListener("click", () => {
      if (here()) return;
      mark();
      news.textContent = `Evidence ${each.number} stands on this page now.`;
      void use(each.id);
    });
    return h(
      "li",
      { class: "file", "data-id": each.id },
      h("p", { class: "name", dir: "auto" }, `Evidence ${each.number}: ${each.name}`),
      each.caption && h("p", { dir: "auto" }, each.caption),
      h("div", { class: "actions" }, take),
    );
  };
  const load = async () => {
    const { centre_id } = pathOf(page);
    const found = await app.api.attachments(centre_id);
    if (!found.ok) return void (news.textContent = problemInWords(found.code));
    const usable = found.data.filter(({ state, flagged }) => state !== "rejected" && !flagged).reverse();
    news.textContent = usable.length ? "" : "You have not sent anything yet.";
    list.replaceChildren(...usable.map(row));
    for (const { id, media_type, alt_text, caption } of usable) {
      if (!details.open) return;
      if (!media_type.startsWith("image/")) continue;
      const one = await app.attachments.fresh(page, id);
      const src = one.ok && one.data.thumbnail_url;
      const item = list.querySelector(`[data-id="${id}"]`);
      if (src) item?.prepend(h("img", { src, alt: alt_text || caption }));
    }
  };
  const details = h(
    "details",
    { ontoggle: () => void (details.open && load()) },
    h("summary", {}, "Use something you sent before"),
    news,
    list,
  );
  return details;
}
