/** Sends the files that this device keeps, one after another, until the server has them all. */

import type { Api, Failure } from "../api.ts";
import { pauseAfter } from "../saver.ts";
import type { Store } from "../store.ts";
import { anew, type FileOnItsWay, type Means, send } from "./files.ts";
import { put } from "./s3.ts";

const OFTEN = 400; // milliseconds between two tellings of how much has gone

export class Sender {
  /** Why nothing goes just now: a problem's code; empty while all is well. */
  trouble = "";
  #timer = 0;
  #failures = 0;
  #running = false;
  #more = false;
  #sent = new Map<string, number>();
  #told = 0;

  constructor(
    private readonly persons: string[],
    private readonly api: Api,
    private readonly store: Store,
    private readonly changed: (page: string) => void,
    /** A page's draft has another file. */
    private readonly attached: (page: string) => void,
  ) {}

  /** How many bytes of a file have gone. */
  sent(file: FileOnItsWay): number {
    return Math.min(this.#sent.get(file.id) ?? 0, file.size);
  }

  /** Try now, or after so many milliseconds. */
  soon(delay = 0): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#run(), delay);
  }

  async #run(): Promise<void> {
    this.#more = true;
    if (this.#running) return; // it looks once more before it rests
    this.#running = true;
    while (this.#more) {
      this.#more = false;
      // Tabs take turns: when one is closed in the middle, the next goes on.
      await navigator.locks.request("testamur files", () => this.#sendAll());
    }
    this.#running = false;
  }

  async #sendAll(): Promise<void> {
    const tried = new Set<string>();
    let failure: Failure | null = null;
    for (;;) {
      const waiting = (await Promise.all(this.persons.map((person) => this.store.files(person)))).flat();
      const file = waiting.find((each) => each.stage !== "chosen" && !each.refusal && !tried.has(each.key));
      if (!file) break;
      tried.add(file.key);
      failure = (await this.#send(file)) ?? failure;
    }
    this.trouble = failure?.code ?? "";
    if (!failure) this.#failures = 0;
    else if (failure.passing) this.soon(pauseAfter(this.#failures++, failure));
  }

  async #send(file: FileOnItsWay): Promise<Failure | null> {
    const result = await send(file, this.#means()).catch(() => UNREADABLE);
    if (result === "sent" || result === "removed") {
      this.#sent.delete(file.id);
      this.trouble = "";
    } else {
      this.trouble = result.code;
      if (result.code === "upload-expired") await this.again(file);
      else if (!result.passing && result.code !== "unauthenticated") {
        const details = (result.problem?.errors ?? []).map(({ detail }) => detail);
        const now = await this.store.file(file.id);
        if (now) await this.store.keepFile({ ...now, refusal: { code: result.code, details } });
      }
    }
    this.changed(file.page);
    return typeof result === "string" ? null : result;
  }

  /** Send anew what was refused, or begun too long ago. */
  async again(file: FileOnItsWay): Promise<void> {
    await this.store.keepFile(anew(file), file.upload);
    this.soon();
  }

  #means(): Means {
    const { api, store } = this;
    return {
      api,
      put,
      content: (file) => store.content(file.id),
      keep: async (file) => {
        const kept = await store.keepFile(file);
        if (kept && file.stage === "begun") this.attached(file.page);
        return kept;
      },
      drop: (file) => store.dropFile(file),
      progress: (file, bytes) => {
        this.#sent.set(file.id, bytes);
        if (Date.now() - this.#told < OFTEN) return;
        this.#told = Date.now();
        this.changed(file.page);
      },
    };
  }
}

/** A browser may lose what it keeps, and then reading it fails. */
const UNREADABLE: Failure = {
  ...{ ok: false, code: "unreadable", passing: false },
  ...{ retryAfter: null, problem: null },
};
