// node --test: what follows from what this device knows, without a browser.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Answer, PageView } from "../src/model.ts";
import { type Edit, nextStep, opened, reconciled, same, saved, shown, type Work } from "../src/work.ts";

const base = { a: { text: "old" }, b: { text: "old" } };
const view = { state: "open", answers: base } as unknown as PageView;
const start: Work = {
  ...{ view, etag: '"1-open"', base, theirs: {} },
  ...{ sending: null, signing: null, unsigned: false, refusal: null },
};
const signing = { key: "k", declaration: "1", signature: "Zoë", etag: null };

function edit(item: string, answer: Answer, stamp = item): Edit {
  return { item, answer, stamp };
}

test("what is typed is shown over what was saved, and sent with all the rest", () => {
  const edits = [edit("a", { text: "new\r\nline" })];

  assert.deepEqual(shown(start, edits), { a: { text: "new\r\nline" }, b: { text: "old" } });
  const step = nextStep(start, edits);
  assert.ok(step.kind === "save");
  assert.deepEqual(step.sending, {
    answers: { a: { text: "new\nline" }, b: { text: "old" } },
    stamps: ["a"],
  });
});

test("a save without an answer is repeated as it was, whatever has been typed since", () => {
  const sending = { answers: { a: { text: "first" } }, stamps: ["1"] };
  const step = nextStep({ ...start, sending }, [edit("a", { text: "second" }, "2")]);

  assert.deepEqual(step, { kind: "save", sending });
});

test("a save settles what it sent and nothing else", () => {
  const sending = { answers: base, stamps: ["1"] };

  assert.deepEqual(saved({ ...start, sending }, view, '"2-open"').settled, ["1"]);
});

test("what one side has changed is kept, and about what both have changed we ask", () => {
  const edits = [edit("a", { text: "ours" }), edit("b", { text: "ours" }), edit("c", { text: "same" })];
  const now = { a: { text: "old" }, b: { text: "theirs" }, c: { text: "same" }, d: { text: "new" } };
  const { work, settled } = reconciled(start, edits, now, '"2-open"');

  assert.deepEqual(work.theirs, { b: { text: "theirs" } });
  assert.deepEqual(settled, ["c"]);
  assert.equal(nextStep(work, edits).kind, "choose");
  // Looking again asks again, although theirs is the base by now.
  assert.deepEqual(opened(work, edits, { ...view, answers: now }, '"2-open"').work.theirs, work.theirs);
});

test("our own save, whose answer was lost, is no conflict", () => {
  const sending = { answers: { ...base, a: { text: "first" } }, stamps: ["1"] };
  const edits = [edit("a", { text: "first and more" }, "2")];

  assert.deepEqual(reconciled({ ...start, sending }, edits, sending.answers, '"2-open"').work.theirs, {});
});

test("a signature is sent when all is saved, with the ETag of what was shown", () => {
  const work = { ...start, signing };

  assert.equal(nextStep(work, [edit("a", { text: "new" })]).kind, "save");
  assert.deepEqual(nextStep(work, []), { kind: "sign", signing: { ...signing, etag: '"1-open"' } });
});

test("a signature waits no longer where what was shown has changed", () => {
  const changed = { ...base, b: { text: "theirs" } };

  const { work } = reconciled({ ...start, signing }, [], changed, '"2-open"');
  assert.deepEqual([work.signing, work.unsigned], [null, true]);
  assert.equal(reconciled({ ...start, signing }, [], base, '"2-open"').work.signing, signing);
});

test("what the server refuses is kept, and tried again once it is mended", () => {
  const refusal = { code: "invalid-answers", items: [], stamps: ["1"] };
  const work = { ...start, refusal };

  assert.equal(nextStep(work, [edit("a", { text: "bad" }, "1")]).kind, "refused");
  assert.equal(nextStep(work, [edit("a", { text: "good" }, "2")]).kind, "save");
});

test("what is left open is one thing, however it is written", () => {
  assert.ok(same({ text: "" }, undefined));
  assert.ok(same({ chosen: ["b", "a"] }, { chosen: ["a", "b"] }));
  assert.ok(same({ text: "Zoe\u0308" }, { text: "Zoë" }));
  assert.ok(!same({ understood: false }, {}));
});
