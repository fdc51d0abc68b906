/** What the server says of files that have reached it: asked again until each is clean or rejected. */

import type { Api } from "../api.ts";
import type { AttachmentWithFile } from "../model.ts";
import { pathOf, type Store } from "../store.ts";

const FIRST_LOOK = 2_000;
const LAST_LOOK = 60_000;

export class Attachments {
  #known = new Map<string, AttachmentWithFile>();
  #asked = new Set<string>();

  constructor(
    private readonly api: Api,
    private readonly store: Store,
    private readonly changed: (page: string) => void,
  ) {}

  /** What is known of an attachment; where that is little or passing, a page hears of more. */
  get(page: string, id: string): AttachmentWithFile | undefined {
    if (!this.#asked.has(id)) void this.#ask(page, id);
    return this.#known.get(id);
  }

  /** Ask now: links work for five minutes, and files go on by themselves. */
  async fresh(page: string, id: string) {
    const { centre_id } = pathOf(page);
    const outcome = await this.api.attachment(centre_id, id);
    if (outcome.ok) {
      this.#known.set(id, outcome.data);
      // For when there is no network; the links would have expired.
      const kept = { ...outcome.data, url: null, rendering_url: null, thumbnail_url: null };
      await this.store.keepView(this.#name(page, id), kept);
    }
    return outcome;
  }

  async #ask(page: string, id: string, times = 0): Promise<void> {
    this.#asked.add(id);
    const outcome = await this.fresh(page, id);
    if (!outcome.ok && !this.#known.has(id)) {
      const kept = (await this.store.view(this.#name(page, id))) as AttachmentWithFile | undefined;
      if (kept) this.#known.set(id, kept);
    }
    this.changed(page);
    const unsettled = outcome.ok ? isOnItsWay(outcome.data) : outcome.passing;
    if (unsettled) setTimeout(() => void this.#ask(page, id, times + 1), lookAfter(times));
  }

  #name(page: string, id: string): string {
    return `${page.split("/")[0]}/attachment/${id}`;
  }
}

export function isOnItsWay({ state }: Pick<AttachmentWithFile, "state">): boolean {
  return state === "pending" || state === "scanning";
}

/** How many milliseconds to wait until the next look: longer and longer. */
function lookAfter(times: number): number {
  return Math.min(FIRST_LOOK * 1.5 ** times, LAST_LOOK);
}
