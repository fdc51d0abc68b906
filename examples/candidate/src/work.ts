/**
 * What this device knows of one page, and what follows from it: values and pure functions.
 *
 * The server's answers are the base, what was typed since are edits, and what the candidate sees
 * is both together. Nothing typed is ever dropped but by one of the functions here.
 */

import type { Answer, Answers, PageView, Value } from "./model.ts";

/** The answer to one item as it was typed here; `stamp` tells one edit of it from the next. */
export interface Edit {
  item: string;
  answer: Answer;
  stamp: string;
}

/** A save on its way. It is repeated, word for word, until the server has answered it. */
export interface Sending {
  answers: Answers;
  stamps: string[];
}

/** A signature on its way: the same key at each repeat, so that the page is signed once. */
export interface Signing {
  key: string;
  declaration: string;
  signature: string;
  etag: string | null; // of the draft to be signed; null until it is first sent
}

/** What the server does not take, and why. `stamps` are the edits that it would not take. */
export interface Refusal {
  code: string;
  items: { item: string; at: string; detail: string }[]; // `at`: which field of the answer
  stamps: string[];
}

export interface Work {
  view: PageView; // as the server last showed it, so that it can be read without the network
  etag: string;
  base: Answers;
  sending: Sending | null;
  signing: Signing | null;
  unsigned: boolean; // a signature was dropped, because what it stood beneath has changed
  theirs: Record<string, Answer>; // what stands on the server where both have changed an item
  refusal: Refusal | null;
}

export type Step =
  | { kind: "rest" } // all is saved
  | { kind: "choose" } // the candidate has to choose between theirs and ours
  | { kind: "refused" }
  | { kind: "save"; sending: Sending }
  | { kind: "sign"; signing: Signing & { etag: string } };

/** An answer without what is left open, in the one form in which the server keeps it. */
export function tidy(answer: Answer): Answer {
  const kept: Answer = {};
  if (answer.understood != null) kept.understood = answer.understood;
  if (answer.initials) kept.initials = clean(answer.initials);
  if (answer.chosen?.length) kept.chosen = [...answer.chosen].sort();
  if (answer.text) kept.text = clean(answer.text);
  if (answer.attachments?.length) kept.attachments = answer.attachments;
  const values = tidied(answer.values ?? {});
  const reasons = tidied(answer.reasons ?? {});
  if (Object.keys(values).length) kept.values = values;
  if (Object.keys(reasons).length) kept.reasons = reasons;
  return kept;
}

/** The fields of a form that say something, in one order. */
function tidied<T extends Value>(given: Record<string, T>): Record<string, T> {
  const kept: Record<string, Value> = {};
  for (const name of Object.keys(given).sort()) {
    const value: Value | undefined = given[name];
    if (value === undefined || value === "" || (Array.isArray(value) && !value.length)) continue;
    if (typeof value === "string") kept[name] = clean(value);
    else kept[name] = Array.isArray(value) ? [...value].sort() : value;
  }
  return kept as Record<string, T>;
}

export function same(one: Answer | undefined, other: Answer | undefined): boolean {
  return JSON.stringify(tidy(one ?? {})) === JSON.stringify(tidy(other ?? {}));
}

/** What the candidate sees. */
export function shown(work: Work, edits: Edit[]): Answers {
  const answers = { ...work.base };
  for (const edit of edits) answers[edit.item] = edit.answer;
  return answers;
}

/** What is to be done next, as far as the network lets us. */
export function nextStep(work: Work, edits: Edit[]): Step {
  if (work.refusal && stampsOf(edits).every((stamp) => work.refusal?.stamps.includes(stamp))) {
    return { kind: "refused" };
  }
  if (Object.keys(work.theirs).length) return { kind: "choose" };
  if (work.sending) return { kind: "save", sending: work.sending };
  if (edits.length) {
    const answers: Answers = {};
    for (const [item, answer] of Object.entries(shown(work, edits))) {
      const kept = tidy(answer);
      if (Object.keys(kept).length) answers[item] = kept;
    }
    return { kind: "save", sending: { answers, stamps: stampsOf(edits) } };
  }
  if (work.signing) {
    return { kind: "sign", signing: { ...work.signing, etag: work.signing.etag ?? work.etag } };
  }
  return { kind: "rest" };
}

/** The server has taken a save: what was sent is settled, what was typed meanwhile is not. */
export function saved(work: Work, view: PageView, etag: string): { work: Work; settled: string[] } {
  return {
    work: { ...work, view, etag, base: view.answers, sending: null, refusal: null },
    settled: work.sending?.stamps ?? [],
  };
}

/**
 * The page stands differently on the server. Item by item: what only one side has changed is
 * kept, what both have changed alike is settled, and about the rest the candidate is asked.
 */
export function reconciled(
  work: Work,
  edits: Edit[],
  answers: Answers,
  etag: string,
): { work: Work; settled: string[] } {
  const theirs: Record<string, Answer> = {};
  const settled: string[] = [];
  for (const { item, answer, stamp } of edits) {
    const current = answers[item];
    const ours = work.sending?.answers[item]; // a save of ours whose answer was lost
    const asked = item in work.theirs; // and not answered yet
    const moved = !same(work.base[item], current) && !(ours && same(ours, current));
    if (same(answer, current)) settled.push(stamp);
    else if (asked || moved) theirs[item] = current ?? {};
  }
  const items = new Set([...Object.keys(answers), ...Object.keys(work.base)]);
  const moved = [...items].some((item) => !same(answers[item], work.base[item]));
  // A signature stands beneath what was shown: if that has changed, it is asked for anew. One
  // that was sent already is left alone; its repeat tells what has become of it.
  const dropped = moved && work.signing !== null && !work.signing.etag;
  return {
    work: {
      ...{ ...work, etag, base: answers, sending: null, theirs },
      ...(dropped ? { signing: null, unsigned: true } : {}),
    },
    settled,
  };
}

/** Read a page anew, as it is shown when it is opened. */
export function opened(
  work: Work | undefined,
  edits: Edit[],
  view: PageView,
  etag: string,
): { work: Work; settled: string[] } {
  const fresh: Work = {
    ...{ view, etag, base: view.answers, theirs: {} },
    ...{ sending: null, signing: null, unsigned: false, refusal: null },
  };
  if (!work) return { work: fresh, settled: [] };
  const merged = reconciled(work, edits, view.answers, etag);
  const stamps = stampsOf(edits).filter((stamp) => !merged.settled.includes(stamp));
  const refused = stamps.length > 0 && isLocked(view);
  const refusal = refused ? { code: `page-${view.state}`, items: [], stamps } : null;
  return { work: { ...merged.work, view, refusal }, settled: merged.settled };
}

/** Signed or competent: the page is read, not written. */
export function isLocked(view: PageView): boolean {
  return view.state === "signed" || view.state === "competent";
}

export function stampsOf(edits: Edit[]): string[] {
  return edits.map((edit) => edit.stamp);
}

/** Count words as the server does: what white space separates. */
export function countWords(text: string): number {
  return text.split(/\s+/u).filter(Boolean).length;
}

function clean(text: string): string {
  return text.replace(/\r\n?/g, "\n").normalize("NFC");
}
