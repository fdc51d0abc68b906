// node --test: files on a network that is cut at every step, and a device that dies there.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Outcome } from "../src/api.ts";
import { anew, digest, type FileOnItsWay, type Means, PART, send, withFile } from "../src/evidence/files.ts";
import type { Answer } from "../src/model.ts";

const SMALL = new Blob(["a photograph of a hoist"]);
const LARGE = new Blob([new Uint8Array(PART).fill(7), "and a little more"]);

class Cut extends Error {}

/** The API, S3 and the device: all that outlives a tab. */
class World {
  uploads = new Map<
    string,
    { id: string; size: number; sha256: string | null; done: boolean; deleted: boolean }
  >();
  arrived = new Map<string, Map<number, Blob>>();
  file: FileOnItsWay | null;
  draft: Answer = {};
  sends = 0;
  expired = false;
  steps = 0;
  content: Blob;
  cut: number;
  after: boolean;

  /** `cut` is the step at which the tab dies, `after` whether the other side has acted by then. */
  constructor(content: Blob, cut = Infinity, after = false) {
    this.content = content;
    this.cut = cut;
    this.after = after;
    this.file = {
      ...{ id: "here", key: "key", page: "p/c/e/page", item: "q1", name: "hoist.jpg", stage: "queued" },
      ...{
        media_type: "image/jpeg",
        size: content.size,
        caption: "",
        alt_text: "",
        upload: null,
        refusal: null,
      },
    } as FileOnItsWay;
  }

  async #step<T>(act: () => T | Promise<T>): Promise<T> {
    const mine = ++this.steps;
    if (mine === this.cut && !this.after) throw new Cut();
    const result = await act();
    if (mine === this.cut) throw new Cut();
    return result;
  }

  #shown(id: string) {
    const upload = [...this.uploads.values()].find((each) => each.id === id);
    if (!upload || upload.deleted) return failed("not-found");
    const parts = this.arrived.get(id) ?? new Map<number, Blob>();
    const arrived = [...parts].map(([number, { size }]) => ({ number, size, sha256: "" }));
    const cut = { size: PART, count: Math.ceil(upload.size / PART), arrived };
    const form = { url: `form/${id}`, fields: { key: id }, expires_at: "" };
    const awaited = !upload.done;
    return ok({
      ...{ id, attachment: {}, expires_at: "" },
      form: awaited && upload.sha256 ? form : null,
      parts: awaited && !upload.sha256 ? cut : null,
    });
  }

  means(): Means {
    const api = {
      startUpload: (_: string, { size, sha256 }: { size: number; sha256?: string | null }, key: string) =>
        this.#step(() => {
          const known = this.uploads.get(key) ?? {
            ...{ id: `upload-${this.uploads.size + 1}`, size, sha256: sha256 ?? null },
            ...{ done: false, deleted: false },
          };
          this.uploads.set(key, known);
          return this.#shown(known.id);
        }),
      upload: (_: string, id: string) => this.#step(() => this.#shown(id)),
      partLink: (_: string, id: string, number: number) =>
        this.#step(() => ok({ number, url: `part/${id}/${number}`, headers: {} })),
      completeUpload: (_: string, id: string) =>
        this.#step(() => {
          const upload = [...this.uploads.values()].find((each) => each.id === id);
          if (!upload || upload.deleted) return failed("not-found");
          const size = [...(this.arrived.get(id)?.values() ?? [])].reduce((sum, part) => sum + part.size, 0);
          if (size !== upload.size) return failed(upload.sha256 ? "upload-not-arrived" : "upload-incomplete");
          upload.done = true;
          return ok({});
        }),
      deleteAttachment: (_: string, id: string) =>
        this.#step(() => {
          for (const upload of this.uploads.values()) if (upload.id === id) upload.deleted = true;
          return ok(undefined);
        }),
    };
    return {
      api: api as unknown as Means["api"],
      put: ({ url, body }) =>
        this.#step(async () => {
          if (this.expired) {
            this.expired = false;
            return { ...failed("http-403"), passing: true };
          }
          const [, id = "", number = "1"] = url.split("/");
          const parts = this.arrived.get(id) ?? new Map<number, Blob>();
          parts.set(Number(number), body instanceof Blob ? body : (body.get("file") as Blob));
          this.arrived.set(id, parts);
          this.sends += 1;
          return ok(null);
        }),
      content: async () => this.content,
      keep: (file) =>
        this.#step(() => {
          if (!this.file || this.file.stage === "removed") return false;
          if (file.upload !== this.file.upload) this.draft = withFile(this.draft, file.upload);
          this.file = file;
          return true;
        }),
      drop: () => this.#step(() => void (this.file = null)),
      progress: () => {},
    };
  }

  /** Open the app again and again until nothing is left to do. */
  async finish(): Promise<void> {
    for (let opened = 0; this.file; opened += 1) {
      assert.ok(opened < 10, "it never ends");
      await send(this.file, this.means()).catch((error: unknown) => assert.ok(error instanceof Cut));
    }
  }
}

function ok<T>(data: T): Outcome<T> {
  return { ok: true, data, etag: "", url: "" };
}

function failed(code: string): Outcome<never> {
  return { ok: false, code, passing: false, retryAfter: null, problem: null };
}

async function stepsOf(content: Blob): Promise<number> {
  const world = new World(content);
  await world.finish();
  return world.steps;
}

for (const [name, content, parts] of [
  ["in one piece", SMALL, 1],
  ["in parts", LARGE, 2],
] as const) {
  test(`a file ${name} is cut at every step: nothing is lost, nothing doubled`, async () => {
    const steps = await stepsOf(content);
    for (let cut = 1; cut <= steps; cut += 1) {
      for (const after of [false, true]) {
        const world = new World(content, cut, after);
        await world.finish();

        const [upload, ...others] = [...world.uploads.values()];
        assert.deepEqual(others, []);
        assert.ok(upload?.done && !upload.deleted);
        assert.deepEqual(world.draft.attachments, [upload.id]);
        const pieces = [...(world.arrived.get(upload.id) ?? [])].sort(([one], [other]) => one - other);
        assert.equal(await digest(new Blob(pieces.map(([, piece]) => piece))), await digest(content));
        assert.equal(world.sends, parts, `cut at ${cut}: what has arrived is not sent again`);
      }
    }
  });

  test(`a file ${name} is removed at every step, and the server keeps none`, async () => {
    const steps = await stepsOf(content);
    for (let cut = 1; cut < steps; cut += 1) {
      for (const after of [false, true]) {
        const world = new World(content, cut, after);
        await send(world.file as FileOnItsWay, world.means()).catch(() => {});
        if (!world.file || world.file.stage === "queued") continue; // nothing was asked of the server
        world.draft = withFile(world.draft, null, world.file.upload);
        world.file = { ...world.file, stage: "removed" };
        await world.finish();

        assert.ok([...world.uploads.values()].every(({ deleted }) => deleted));
        assert.ok(world.uploads.size <= 1);
        assert.deepEqual(world.draft.attachments ?? [], []);
      }
    }
  });
}

test("a form that has expired is replaced by a fresh one", async () => {
  const world = new World(SMALL);
  world.expired = true;
  const first = await send(world.file as FileOnItsWay, world.means());

  assert.ok(typeof first === "object" && first.passing);
  assert.equal(await send(world.file as unknown as FileOnItsWay, world.means()), "sent");
  assert.equal(world.uploads.size, 1);
});

test("a file that was removed while its upload was begun is not kept", async () => {
  const world = new World(SMALL);
  const means = world.means();
  const { startUpload } = means.api;
  means.api.startUpload = async (...given) => {
    world.file = { ...(world.file as FileOnItsWay), stage: "removed" };
    return startUpload(...given);
  };

  assert.equal(await send(world.file as FileOnItsWay, means), "removed");
  assert.deepEqual(world.draft, {});
  await world.finish();
  assert.ok([...world.uploads.values()].every(({ deleted }) => deleted));
});

test("what was deleted elsewhere is said to be, and can be sent anew", async () => {
  const world = new World(SMALL);
  await send(world.file as FileOnItsWay, { ...world.means(), put: async () => failed("offline") });
  for (const upload of world.uploads.values()) upload.deleted = true;
  const gone = await send(world.file as FileOnItsWay, world.means());
  assert.ok(typeof gone === "object" && gone.code === "not-found");

  const again = anew(world.file as FileOnItsWay);
  assert.equal(again.id, "here");
  assert.notEqual(again.key, "key");
  world.draft = withFile(world.draft, null, (world.file as FileOnItsWay).upload);
  world.file = again;
  await world.finish();
  assert.deepEqual(world.draft.attachments, ["upload-2"]);
});
