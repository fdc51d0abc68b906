/** A form that comes with an item, as fields; and where it departs from a rule, a field for the reason. */

import { fill, type Lack } from "../fields.ts";
import { h, paragraphs } from "../dom.ts";
import type { Answer, Form, FormField, Value } from "../model.ts";
import { countWords } from "../work.ts";
import { departures, isGiven, type Values } from "./rules.ts";

const REASON_LIMIT = 2000; // characters

/** One field: `at` is its place in the answer, as the server points to it. */
interface Entry {
  at: string;
  element: HTMLElement;
  inputs: (HTMLInputElement | HTMLTextAreaElement)[];
  hint: HTMLElement | null;
  error: HTMLElement;
}

interface FormEntry extends Entry {
  field: FormField;
  read(): Value | undefined;
  show(value: Value | undefined): void;
}

export function formFields(item: string, form: Form) {
  const fields = form.fields.map((field) => entryOf(field, `${item}-${field.id}`));
  const reasons = form.rules.map((rule) => {
    const text = h("textarea", {
      id: `${item}-why-${rule.id}`,
      rows: 3,
      dir: "auto",
      maxlength: REASON_LIMIT,
    });
    const hint = h("p", { id: `${text.id}-hint`, dir: "auto" }, rule.text);
    const label = h("label", { class: "label", for: text.id }, "This departs from the rule above. Why?");
    return { rule, text, ...framed(`reasons/${rule.id}`, [hint, label, text], [text], hint) };
  });
  const news = h("p", { role: "status", class: "soft" });
  const values = (): Values => Object.fromEntries(fields.map(({ field, read }) => [field.id, read()]));
  const entries: Entry[] = [...fields, ...reasons];
  const look = () => {
    const departed = departures(form, values());
    for (const { rule, element } of reasons) element.hidden = !departed.includes(rule);
    const said = departed.length ? `Rules departed from: ${departed.length}. Say why below.` : "";
    if (news.textContent !== said) news.textContent = said;
  };
  look();
  return {
    elements: [...paragraphs(form.instructions), ...[...fields].map(({ element }) => element), news].concat(
      reasons.map(({ element }) => element),
    ),
    look,
    read: (): Answer => {
      const kept = Object.entries(values()).filter(
        (entry): entry is [string, Value] => entry[1] !== undefined,
      );
      const said = reasons
        .filter(({ element }) => !element.hidden)
        .map(({ rule, text }) => [rule.id, text.value]);
      return { values: Object.fromEntries(kept), reasons: Object.fromEntries(said) };
    },
    show: (answer: Answer) => {
      for (const { field, show } of fields) show(answer.values?.[field.id]);
      for (const { rule, text } of reasons)
        if (answer.reasons?.[rule.id]) fill(text, answer.reasons[rule.id] ?? "");
      look();
    },
    lacks: (): Lack[] => [
      ...fields.flatMap(({ field, at, read }) => {
        const lack = lackOf(field, read());
        return lack ? [{ at, said: `${field.label}: ${lack}` }] : [];
      }),
      ...reasons
        .filter(({ element, text }) => !element.hidden && !text.value.trim())
        .map(({ at, rule }) => ({ at, said: `Say why this is different here: ${rule.text}` })),
    ],
    mark: (lacks: Lack[]) => {
      for (const { at, inputs, hint, error } of entries) {
        error.textContent = lacks
          .filter((lack) => lack.at === at)
          .map(({ said }) => said)
          .join(" ");
        for (const input of inputs) {
          const described = [hint?.id, error.textContent && error.id].filter(Boolean).join(" ");
          input.toggleAttribute("aria-invalid", Boolean(error.textContent));
          if (error.textContent) input.setAttribute("aria-invalid", "true");
          if (described) input.setAttribute("aria-describedby", described);
          else input.removeAttribute("aria-describedby");
        }
      }
    },
    /** Lead to a field; say whether there is one. */
    focus: (at: string): boolean => {
      const entry = entries.find((each) => each.at === at);
      entry?.inputs[0]?.focus();
      return Boolean(entry);
    },
  };
}

function entryOf(field: FormField, id: string): FormEntry {
  const at = `values/${field.id}`;
  const bounds = boundsInWords(field);
  const said = [field.hint, bounds].filter(Boolean).join(" ");
  const hint = said ? h("p", { class: "soft", id: `${id}-hint`, dir: "auto" }, said) : null;
  const label = `${field.label}${field.required ? "" : " (optional)"}`;
  if (["yes-no", "choice", "choices"].includes(field.kind)) return picked(field, id, at, label, hint);
  const common = { id, dir: "auto", maxlength: field.max_characters };
  const input =
    field.kind === "text"
      ? h("textarea", { ...common, rows: 4 })
      : h("input", { ...common, type: INPUTS[field.kind] ?? "text", min: field.least, max: field.most });
  return {
    field,
    ...framed(at, [h("label", { class: "label", for: id, dir: "auto" }, label), hint, input], [input], hint),
    read: () => {
      if (field.kind !== "number") return input.value || undefined;
      return input.value ? Math.trunc(Number(input.value)) : undefined;
    },
    show: (value) => fill(input, isGiven(value) ? String(value) : ""),
  };
}

const INPUTS: Partial<Record<FormField["kind"], string>> = { date: "date", number: "number" };

/** Options to pick from: one of them, or several. */
function picked(
  field: FormField,
  id: string,
  at: string,
  label: string,
  hint: HTMLElement | null,
): FormEntry {
  const options = field.kind === "yes-no" ? YES_NO : field.options;
  const type = field.kind === "choices" ? "checkbox" : "radio";
  const inputs = options.map((option) => h("input", { type, name: id, value: option.id }));
  const labels = options.map(({ text }, index) =>
    h("label", {}, inputs[index], h("span", { dir: "auto" }, text)),
  );
  const group = h(
    "fieldset",
    {},
    h("legend", { class: "label", dir: "auto" }, label),
    hint,
    h("div", { class: "pick" }, ...labels),
  );
  const chosen = () => inputs.filter(({ checked }) => checked).map(({ value }) => value);
  return {
    field,
    ...framed(at, [group], inputs, hint),
    read: () => {
      if (field.kind === "choices") return chosen();
      const [only] = chosen();
      return field.kind === "yes-no" && only ? only === "yes" : only;
    },
    show: (value) => {
      const names = typeof value === "boolean" ? [value ? "yes" : "no"] : [value].flat();
      for (const input of inputs) input.checked = names.includes(input.value);
    },
  };
}

const YES_NO = [
  { id: "yes", text: "Yes" },
  { id: "no", text: "No" },
];

function framed(
  at: string,
  parts: (HTMLElement | null)[],
  inputs: Entry["inputs"],
  hint: HTMLElement | null,
): Entry {
  const error = h("p", { class: "error", id: `${inputs[0]?.id || inputs[0]?.name}-error` });
  if (hint) for (const input of inputs) input.setAttribute("aria-describedby", hint.id);
  return { at, element: h("div", { class: "entry" }, ...parts, error), inputs, hint, error };
}

/** What a field still lacks before the page can be signed; empty if nothing. */
export function lackOf(field: FormField, value: Value | undefined): string {
  const { least, most, kind } = field;
  if (!isGiven(value)) return field.required ? "fill this in." : "";
  const count =
    kind === "text" ? countWords(String(value)) : Array.isArray(value) ? value.length : Number(value);
  if (least !== null && count < least) return `at least ${least}; ${count} so far.`;
  return most !== null && count > most ? `at most ${most}; ${count} so far.` : "";
}

function boundsInWords({ kind, least, most }: FormField): string {
  if (least === null && most === null) return "";
  const unit = kind === "text" ? " words" : kind === "choices" ? " of these" : "";
  if (least === null) return `At most ${most}${unit}.`;
  return most === null ? `At least ${least}${unit}.` : `${least} to ${most}${unit}.`;
}
