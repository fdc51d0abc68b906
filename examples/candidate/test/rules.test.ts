// node --test: the rules of a form, read as the server reads them (chalicelib/domain/forms.py).

import assert from "node:assert/strict";
import { test } from "node:test";
import { departures, type Values } from "../src/evidence/rules.ts";
import type { Form, RuleTest } from "../src/model.ts";
import { same, tidy } from "../src/work.ts";

function departs(needs: RuleTest, values: Values, when: RuleTest[] = []): boolean {
  const form = { rules: [{ id: "r", text: "", when, needs: [needs] }] } as unknown as Form;
  return departures(form, values).length === 1;
}

test("a rule is departed from where its case is given and its need is not met", () => {
  const when: RuleTest[] = [{ field: "outcome", relation: "is", operands: ["b", "c"] }];
  const needs: RuleTest = { field: "next", relation: "given", operands: [] };

  assert.ok(departs(needs, { outcome: "b", next: " " }, when));
  assert.ok(!departs(needs, { outcome: "b", next: "Ask again." }, when));
  assert.ok(!departs(needs, { outcome: "a" }, when));
  assert.ok(!departs(needs, {}, when));
});

test("each relation looks at a value of its kind", () => {
  assert.ok(!departs({ field: "f", relation: "is", operands: ["yes"] }, { f: true }));
  assert.ok(departs({ field: "f", relation: "is", operands: ["yes"] }, { f: false }));
  assert.ok(!departs({ field: "f", relation: "is", operands: ["b"] }, { f: ["a", "b"] }));
  assert.ok(!departs({ field: "f", relation: "at least", operands: ["2"] }, { f: ["a", "b"] }));
  assert.ok(departs({ field: "f", relation: "at least", operands: ["2"] }, { f: 1 }));
  assert.ok(departs({ field: "f", relation: "at most", operands: ["2"] }, { f: 3 }));
  assert.ok(
    departs({ field: "f", relation: "at most", operands: ["2"] }, {}),
    "what is empty passes no test",
  );
});

test("a day within months of another is any day until the same of that month, or its last", () => {
  const within = (months: string): RuleTest => ({
    field: "f",
    relation: "within",
    operands: [months, "since"],
  });
  const since = "2025-11-30";

  assert.ok(!departs(within("3"), { f: "2026-02-28", since }));
  assert.ok(departs(within("3"), { f: "2026-03-01", since }));
  assert.ok(!departs(within("0"), { f: "2020-01-01", since }), "what came before is within");
  assert.ok(departs(within("3"), { f: "soon", since }));
  assert.ok(departs(within("3"), { f: "2026-01-01" }));
});

test("what is left open in a form is left out, in one order", () => {
  const values = { b: "text\r\n", a: ["y", "x"], c: "", d: [], e: 0, f: false };

  assert.deepEqual(tidy({ attachments: [], values, reasons: { r: "" } }), {
    values: { a: ["x", "y"], b: "text\n", e: 0, f: false },
  });
  assert.ok(same({ values: { b: "1", a: "2" } }, { values: { a: "2", b: "1" }, attachments: [] }));
});
