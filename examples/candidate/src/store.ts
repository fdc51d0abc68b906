/**
 * What this device keeps, in IndexedDB: for each person, and page by page.
 *
 * Each edit is an entry of its own, written as it is typed by whatever tab it is typed in. It goes
 * when the very edit has been settled, in one transaction with what was learnt from the server.
 */

import { type DBSchema, openDB } from "idb";
import type { PagePath } from "./api.ts";
import type { Answer } from "./model.ts";
import type { Edit, Work } from "./work.ts";

interface Kept extends DBSchema {
  work: { key: string; value: Work };
  edits: { key: [page: string, item: string]; value: Edit & { page: string }; indexes: { page: string } };
  views: { key: string; value: unknown };
}

export type Store = Awaited<ReturnType<typeof openStore>>;

/** A page of a person's, as a key. */
export function keyOf(person: string, path: PagePath): string {
  return [person, path.centre_id, path.enrolment_id, path.page_id].join("/");
}

export function pathOf(key: string): PagePath {
  const [, centre_id = "", enrolment_id = "", page_id = ""] = key.split("/");
  return { centre_id, enrolment_id, page_id };
}

/** `changed` is told of every change, and whether it was made in another tab. */
export async function openStore(changed: (page: string, elsewhere: boolean) => void) {
  const db = await openDB<Kept>("testamur", 1, {
    upgrade(made) {
      made.createObjectStore("work");
      made.createObjectStore("edits", { keyPath: ["page", "item"] }).createIndex("page", "page");
      made.createObjectStore("views");
    },
  });
  const others = new BroadcastChannel("testamur"); // the same app in other tabs
  others.onmessage = (message: MessageEvent<string>) => changed(message.data, true);
  const tell = (page: string) => {
    others.postMessage(page);
    changed(page, false);
  };
  const of = (person: string) => IDBKeyRange.bound(`${person}/`, `${person}0`); // "0" follows "/"

  return {
    async load(page: string): Promise<{ work: Work | undefined; edits: Edit[] }> {
      const reading = db.transaction(["work", "edits"]);
      const [work, edits] = await Promise.all([
        reading.objectStore("work").get(page),
        reading.objectStore("edits").index("page").getAll(page),
      ]);
      return { work, edits };
    },

    /** Keep what was typed. Committed at once: the tab may be closed the next moment. */
    async edit(page: string, item: string, answer: Answer): Promise<void> {
      const writing = db.transaction("edits", "readwrite");
      const put = writing.store.put({ page, item, answer, stamp: crypto.randomUUID() });
      writing.commit();
      await Promise.all([put, writing.done]);
      tell(page);
    },

    /** Keep what was learnt of a page, and let go of the edits that are settled by it. */
    async learn(page: string, work: Work, settled: string[] = []): Promise<void> {
      const writing = db.transaction(["work", "edits"], "readwrite");
      await writing.objectStore("work").put(work, page);
      const edits = writing.objectStore("edits");
      for (const edit of await edits.index("page").getAll(page)) {
        if (settled.includes(edit.stamp)) await edits.delete([page, edit.item]);
      }
      await writing.done;
      tell(page);
    },

    /** The pages where something of a person's is still to be sent. */
    async unsent(person: string): Promise<string[]> {
      const edits = await db.getAllKeys("edits", IDBKeyRange.bound([`${person}/`], [`${person}0`]));
      const pages = new Set(edits.map(([page]) => page));
      for (const page of await db.getAllKeys("work", of(person))) {
        if ((await db.get("work", page))?.signing) pages.add(page);
      }
      return [...pages];
    },

    /** Forget what a person has read here; what they have not sent yet is kept for them. */
    async forget(person: string): Promise<void> {
      const unsent = await this.unsent(person);
      for (const page of await db.getAllKeys("work", of(person))) {
        if (!unsent.includes(page)) await db.delete("work", page);
      }
      await db.delete("views", of(person));
    },

    /** What was shown last under a name, for when there is no network. */
    view: (name: string): Promise<unknown> => db.get("views", name),
    keepView: async (name: string, value: unknown): Promise<void> =>
      void (await db.put("views", value, name)),
  };
}
