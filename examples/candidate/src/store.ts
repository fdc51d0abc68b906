/**
 * What this device keeps, in IndexedDB: for each person, and page by page.
 *
 * Each edit is an entry of its own, written as it is typed by whatever tab it is typed in. It goes
 * when the very edit has been settled, in one transaction with what was learnt from the server.
 */

import { type DBSchema, type IDBPTransaction, openDB } from "idb";
import type { PagePath } from "./api.ts";
import { type FileOnItsWay, withFile } from "./evidence/files.ts";
import type { Answer } from "./model.ts";
import type { Edit, Work } from "./work.ts";

interface Kept extends DBSchema {
  work: { key: string; value: Work };
  edits: { key: [page: string, item: string]; value: Edit & { page: string }; indexes: { page: string } };
  files: { key: string; value: FileOnItsWay; indexes: { page: string } };
  contents: { key: string; value: Blob }; // of the files
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
  const db = await openDB<Kept>("testamur", 2, {
    upgrade(made, before) {
      if (before < 1) {
        made.createObjectStore("work");
        made.createObjectStore("edits", { keyPath: ["page", "item"] }).createIndex("page", "page");
        made.createObjectStore("views");
      }
      made.createObjectStore("files", { keyPath: "id" }).createIndex("page", "page");
      made.createObjectStore("contents");
    },
    blocking: (_, __, event) => (event.target as IDBDatabase).close(), // a newer app opens in another tab
  });
  const others = new BroadcastChannel("testamur"); // the same app in other tabs
  others.onmessage = (message: MessageEvent<string>) => changed(message.data, true);
  const tell = (page: string) => {
    others.postMessage(page);
    changed(page, false);
  };
  const of = (person: string) => IDBKeyRange.bound(`${person}/`, `${person}0`); // "0" follows "/"

  return {
    async load(page: string): Promise<{ work: Work | undefined; edits: Edit[]; files: FileOnItsWay[] }> {
      const reading = db.transaction(["work", "edits", "files"]);
      const [work, edits, files] = await Promise.all([
        reading.objectStore("work").get(page),
        reading.objectStore("edits").index("page").getAll(page),
        reading.objectStore("files").index("page").getAll(page),
      ]);
      return { work, edits, files };
    },

    /** Keep what was typed. Committed at once: the tab may be closed the next moment. */
    async edit(page: string, item: string, answer: Answer): Promise<void> {
      const writing = db.transaction("edits", "readwrite");
      const put = writing.store.put({ page, item, answer, stamp: crypto.randomUUID() });
      writing.commit();
      await Promise.all([put, writing.done]);
      tell(page);
    },

    /** Change a part of an answer of which files may become another part at any time. */
    async change(page: string, item: string, change: (answer: Answer) => Answer): Promise<void> {
      const writing = db.transaction(["work", "edits", "files"], "readwrite");
      await changeAnswer(writing, page, item, change);
      await writing.done;
      tell(page);
    },

    /** Keep a file that was chosen, at once and whole. */
    async choose(file: FileOnItsWay, content: Blob): Promise<void> {
      const writing = db.transaction(["files", "contents"], "readwrite");
      await writing.objectStore("files").put(file);
      await writing.objectStore("contents").put(content, file.id);
      await writing.done;
      tell(file.page);
    },

    /** Keep what somebody says of a file before it is sent; committed at once, as what is typed. */
    async describe(file: FileOnItsWay): Promise<void> {
      const writing = db.transaction("files", "readwrite");
      const put = writing.store.put(file);
      writing.commit();
      await Promise.all([put, writing.done]);
      tell(file.page);
    },

    /** Remove a file: here at once, and from the server when it is next reached. */
    async removeFile(id: string): Promise<void> {
      const writing = db.transaction(["work", "edits", "files", "contents"], "readwrite");
      const file = await writing.objectStore("files").get(id);
      if (file?.stage === "chosen" || file?.stage === "queued") {
        await writing.objectStore("files").delete(id);
        await writing.objectStore("contents").delete(id);
      } else if (file) {
        await writing.objectStore("files").put({ ...file, stage: "removed", refusal: null });
        const { page, item, upload } = file;
        if (upload) await changeAnswer(writing, page, item, (answer) => withFile(answer, null, upload));
      }
      await writing.done;
      if (file) tell(file.page);
    },

    file: (id: string): Promise<FileOnItsWay | undefined> => db.get("files", id),

    async content(id: string): Promise<Blob> {
      const content = await db.get("contents", id);
      if (!content) throw new Error("The browser has lost the file");
      return content;
    },

    /** The files of a person's that are on their way. */
    files: (person: string): Promise<FileOnItsWay[]> => db.getAllFromIndex("files", "page", of(person)),

    /**
     * Keep what a file has come to, unless it has been removed; say whether it was kept.
     * Its upload stands in the draft from the moment that we know it, and `over` no longer.
     */
    async keepFile(file: FileOnItsWay, over: string | null = null): Promise<boolean> {
      const writing = db.transaction(["work", "edits", "files"], "readwrite");
      const before = await writing.objectStore("files").get(file.id);
      const there = before !== undefined && before.stage !== "removed";
      if (there) {
        await writing.objectStore("files").put(file);
        const added = file.upload !== before.upload ? file.upload : null;
        if (added || over) {
          await changeAnswer(writing, file.page, file.item, (answer) => withFile(answer, added, over));
        }
      }
      await writing.done;
      if (there) tell(file.page);
      return there;
    },

    /** Let go of a file: the server has it, or nobody wants it. */
    async dropFile({ id, page }: FileOnItsWay): Promise<void> {
      const writing = db.transaction(["files", "contents"], "readwrite");
      await writing.objectStore("files").delete(id);
      await writing.objectStore("contents").delete(id);
      await writing.done;
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
      for (const { page } of await this.files(person)) pages.add(page);
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

type Writing = IDBPTransaction<Kept, ("work" | "edits" | "files" | "contents")[], "readwrite">;

/** Change the answer to an item as it is shown: over what was typed before, or what the server has. */
async function changeAnswer(
  writing: Writing,
  page: string,
  item: string,
  change: (answer: Answer) => Answer,
): Promise<void> {
  const edits = writing.objectStore("edits");
  const [edit, work] = await Promise.all([edits.get([page, item]), writing.objectStore("work").get(page)]);
  const answer = change(edit?.answer ?? work?.base[item] ?? {});
  await edits.put({ page, item, answer, stamp: crypto.randomUUID() });
}
