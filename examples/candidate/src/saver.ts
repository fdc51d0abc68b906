/**
 * Sends what this device keeps of one page: one request at a time, until the server has it all.
 *
 * A request without an answer is repeated as it was, with longer and longer pauses. Tabs take turns
 * by a lock, so that a page is saved by one of them, whichever has the network first.
 */

import type { Api, Failure, Outcome } from "./api.ts";
import type { Answer, PageView, Problem, Receipt } from "./model.ts";
import { pathOf, type Store } from "./store.ts";
import {
  nextStep,
  opened,
  reconciled,
  type Refusal,
  saved,
  type Sending,
  type Signing,
  stampsOf,
  type Work,
} from "./work.ts";

export const PAUSE = 800; // milliseconds from the last key to the save
const FIRST_RETRY = 1_000;
const LAST_RETRY = 30_000;

/** What the candidate is told about their answers. */
export type Status =
  | "saved"
  | "saving"
  | "kept" // on this device, until the network is back
  | "choose"
  | "refused"
  | "signing"
  | "signing-kept"
  | "signed-out"
  | "not-kept";

export class Saver {
  status: Status = "saving"; // until we have looked
  #timer = 0;
  #failures = 0;

  constructor(
    readonly page: string,
    private readonly api: Api,
    private readonly store: Store,
    private readonly changed: () => void,
  ) {}

  /** Keep what was typed, then send it when the typing pauses. */
  async edit(item: string, answer: Answer | ((answer: Answer) => Answer)): Promise<void> {
    try {
      if (typeof answer === "function") await this.store.change(this.page, item, answer);
      else await this.store.edit(this.page, item, answer);
    } catch {
      return void this.#tell("not-kept"); // no room, or no right to it
    }
    this.#tell(this.#failures ? "kept" : "saving");
    if (!this.#failures) this.soon(PAUSE);
  }

  /** Sign what is shown, once it is all saved. */
  async sign(declaration: string, signature: string): Promise<void> {
    const signing: Signing = { key: crypto.randomUUID(), declaration, signature, etag: null };
    await this.#alone(async () => {
      const { work } = await this.store.load(this.page);
      if (work && !work.signing)
        await this.store.learn(this.page, { ...work, signing, unsigned: false, refusal: null });
    });
    this.soon();
  }

  /** Settle an item that has been changed here and elsewhere. */
  async choose(item: string, ours: boolean): Promise<void> {
    await this.#alone(async () => {
      const { work, edits } = await this.store.load(this.page);
      if (!work) return;
      const theirs = { ...work.theirs };
      delete theirs[item];
      const settled = ours ? [] : stampsOf(edits.filter((edit) => edit.item === item));
      await this.store.learn(this.page, { ...work, theirs }, settled);
    });
    this.soon();
  }

  /** Let go of what the server will not take. */
  async discard(): Promise<void> {
    await this.#alone(async () => {
      const { work, edits } = await this.store.load(this.page);
      if (work) await this.store.learn(this.page, { ...work, sending: null, refusal: null }, stampsOf(edits));
    });
    this.soon();
  }

  /** Read the page anew. Where there is no network, what was read last still stands. */
  async open(): Promise<Outcome<PageView>> {
    const outcome = await this.#alone(() => this.#read());
    this.soon();
    return outcome;
  }

  /** Another tab has changed the page. Sending is left to that tab, unless it is closed. */
  async heard(): Promise<void> {
    const { work, edits } = await this.store.load(this.page);
    const { kind } = work ? nextStep(work, edits) : { kind: "rest" };
    if (kind !== "save" && kind !== "sign") {
      this.#failures = 0;
      this.soon();
    } else if (!this.#failures) this.soon(4 * PAUSE);
  }

  /** Try now, or after so many milliseconds. */
  soon(delay = 0): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#run(), delay);
  }

  async #run(): Promise<void> {
    const again = await this.#alone(() => this.#step());
    if (again !== null) this.soon(again);
  }

  /** Do the next thing; return after how many milliseconds to go on, or null to rest. */
  async #step(): Promise<number | null> {
    const { work, edits } = await this.store.load(this.page);
    if (!work) return null;
    const step = nextStep(work, edits);
    switch (step.kind) {
      case "rest":
        return this.#tell("saved");
      case "choose":
        return this.#tell("choose");
      case "refused":
        return this.#tell(edits.length ? "refused" : "saved");
      case "save":
        return this.#save(work, step.sending);
      case "sign":
        return this.#sign(work, step.signing);
    }
  }

  async #save(before: Work, sending: Sending): Promise<number | null> {
    const work = { ...before, sending };
    await this.store.learn(this.page, work);
    if (!this.#failures) this.#tell("saving");
    const outcome = await this.api.save(pathOf(this.page), sending.answers, work.etag);
    if (!outcome.ok) return this.#cannot(work, outcome);
    const { work: after, settled } = saved(work, outcome.data, outcome.etag);
    return this.#learnt(after, settled);
  }

  async #sign(before: Work, signing: Signing & { etag: string }): Promise<number | null> {
    const work = { ...before, signing };
    await this.store.learn(this.page, work);
    if (!this.#failures) this.#tell("signing");
    const outcome: Outcome<Receipt> = await this.api.sign(pathOf(this.page), signing);
    if (!outcome.ok) return this.#cannot(work, outcome);
    await this.#learnt({ ...work, signing: null });
    await this.#read(); // the page as it stands now, with the attempt
    return 0;
  }

  async #cannot(work: Work, failure: Failure): Promise<number | null> {
    const { code, passing, problem } = failure;
    if (passing) {
      this.#tell(work.signing ? "signing-kept" : "kept");
      return pauseAfter(this.#failures++, failure);
    }
    if (code === "unauthenticated") return this.#tell("signed-out");
    if (code === "stale-page" && problem?.current?.etag) {
      const { answers, etag } = problem.current;
      const { edits } = await this.store.load(this.page);
      // An answered signature is no longer on its way: it was refused.
      const known = work.signing?.etag ? { ...work, signing: null, unsigned: true } : work;
      const { work: after, settled } = reconciled(known, edits, answers ?? {}, etag);
      return this.#learnt(after, settled);
    }
    // The page may stand differently than when it was shown; then it is shown anew.
    await this.#learnt({ ...work, sending: null, signing: null });
    await this.#read();
    const now = await this.store.load(this.page);
    if (!now.work || now.work.refusal) return 0;
    return this.#learnt({ ...now.work, refusal: refusalOf(code, problem, work.sending) });
  }

  async #read(): Promise<Outcome<PageView>> {
    const outcome = await this.api.page(pathOf(this.page));
    if (outcome.ok) {
      const known = await this.store.load(this.page);
      const { work, settled } = opened(known.work, known.edits, outcome.data, outcome.etag);
      await this.#learnt(work, settled);
    }
    return outcome;
  }

  async #learnt(work: Work, settled: string[] = []): Promise<number> {
    this.#failures = 0;
    await this.store.learn(this.page, work, settled);
    return 0;
  }

  #alone<T>(act: () => Promise<T>): Promise<T> {
    return navigator.locks.request(`testamur ${this.page}`, act) as Promise<T>;
  }

  #tell(status: Status): null {
    this.status = status;
    this.changed();
    return null;
  }
}

/** How many milliseconds to wait after so many failures: longer and longer, and not all at once. */
export function pauseAfter(failures: number, { retryAfter }: Failure): number {
  const pause = Math.min(FIRST_RETRY * 2 ** failures, LAST_RETRY);
  return Math.max(pause * (0.75 + Math.random() / 2), (retryAfter ?? 0) * 1_000);
}

function refusalOf(code: string, problem: Problem | null, sending: Sending | null): Refusal {
  const items = (problem?.errors ?? []).map(({ pointer, detail }) => {
    const [, , item = "", ...field] = pointer.split("/"); // "/answers/{item}/{field}" (RFC 6901)
    return { item: item.replaceAll("~1", "/").replaceAll("~0", "~"), at: field.join("/"), detail };
  });
  return { code, items, stamps: sending?.stamps ?? [] };
}
