/** The rules of a form: data, which is read here as the server reads it. */

import type { Form, Rule, RuleTest, Value } from "../model.ts";

export type Values = Record<string, Value | undefined>;

/** The rules that what is filled in departs from. */
export function departures({ rules }: Form, values: Values): Rule[] {
  const passes = (test: RuleTest) => isPassed(test, values);
  return rules.filter(({ when, needs }) => when.every(passes) && !needs.every(passes));
}

/** Whether a value says anything: neither blank text nor an empty list does. */
export function isGiven(value: Value | undefined): value is Value {
  if (typeof value === "string") return value.trim() !== "";
  return Array.isArray(value) ? value.length > 0 : value !== undefined;
}

function isPassed({ field, relation, operands }: RuleTest, values: Values): boolean {
  const value = values[field];
  if (!isGiven(value)) return false; // what is not filled in passes no test
  const [first = "", second = ""] = operands;
  switch (relation) {
    case "given":
      return true;
    case "is":
      return names(value).some((name) => operands.includes(name));
    case "at least":
      return count(value) >= Number(first);
    case "at most":
      return count(value) <= Number(first);
    case "within":
      return isWithin(value, Number(first), values[second]);
    default:
      return true; // a relation of a newer server, which has the last word in any case
  }
}

function names(value: Value): string[] {
  if (typeof value === "boolean") return [value ? "yes" : "no"];
  return Array.isArray(value) ? value : [String(value)];
}

function count(value: Value): number {
  return Array.isArray(value) || typeof value === "string" ? value.length : Number(value);
}

/** Whether a day is not later than so many months after another. */
function isWithin(value: Value, months: number, since: Value | undefined): boolean {
  if (typeof value !== "string" || typeof since !== "string") return false;
  const [year = 0, month = 0, day = 0] = since.split("-").map(Number);
  const last = new Date(Date.UTC(year, month - 1 + months + 1, 0)); // of the month so much later
  const until = new Date(Date.UTC(year, month - 1 + months, Math.min(day, last.getUTCDate())));
  const isDay = (text: string) => /^\d{4}-\d\d-\d\d$/.test(text);
  return isDay(value) && isDay(since) && value <= until.toISOString().slice(0, 10);
}
