/** A field for each kind of item: shows an answer, reads it, and says what is missing. */

import type { App } from "./app.ts";
import { h } from "./dom.ts";
import { contributed } from "./evidence/contributed.ts";
import { evidence } from "./evidence/field.ts";
import type { FileOnItsWay } from "./evidence/files.ts";
import type { Answer, Choice, Item, Question, Statement } from "./model.ts";
import { countWords } from "./work.ts";

export interface Field {
  item: Item;
  element: HTMLElement;
  read(): Answer;
  /** Show an answer, and which files are on their way to it. */
  show(answer: Answer, files: FileOnItsWay[]): void;
  /** What the item still lacks before the page can be signed. */
  lacks(): Lack[];
  /** Mark the field as wrong, or as right again. */
  mark(lacks: Lack[]): void;
  /** Lead to it, or to a place in it. */
  focus(at: string): void;
}

/** What is missing, in words; `at` is the place in the answer, as the server points to it. */
export interface Lack {
  at: string;
  said: string;
}

export function fieldOf(
  app: App,
  page: string,
  item: Item,
  number: number,
  typed: (field: Field) => void,
): Field {
  switch (item.kind) {
    case "statement":
      return statement(item, number, typed);
    case "choice":
      return choice(item, number, typed);
    case "question":
      return question(item, number, typed);
    default:
      return item.by === "candidate"
        ? evidence(app, page, item, number, typed)
        : contributed(app, page, item, number);
  }
}

function statement(item: Statement, number: number, typed: (field: Field) => void): Field {
  const answers = [radio(item, "yes", "Yes, I understand this"), radio(item, "no", "No, not yet")] as const;
  const initials = h("input", {
    ...{ type: "text", id: `${item.id}-initials`, maxlength: item.max_initials, dir: "auto" },
    ...{ autocomplete: "off", autocapitalize: "characters", spellcheck: "false" },
  });
  const [yes, no] = answers.map((answer) => answer.input);
  return framed(item, number, typed, {
    parts: [
      h("div", { class: "pick" }, ...answers.map((answer) => answer.label)),
      h("label", { class: "label", for: initials.id }, "Your initials"),
      initials,
    ],
    first: answers[0].input,
    inputs: [answers[0].input, answers[1].input, initials],
    read: () => ({
      ...(yes?.checked ? { understood: true } : no?.checked ? { understood: false } : {}),
      initials: initials.value,
    }),
    show: (answer) => {
      answers[0].input.checked = answer.understood === true;
      answers[1].input.checked = answer.understood === false;
      fill(initials, answer.initials ?? "");
    },
    lacks: (answer) =>
      answer.understood == null
        ? "Answer yes or no."
        : answer.initials?.trim()
          ? ""
          : "Put your initials beside it.",
  });
}

function choice(item: Choice, number: number, typed: (field: Field) => void): Field {
  const several = item.choose > 1;
  const options = item.options.map((option) => radio(item, option.id, option.text, several));
  const hint = h("p", { class: "soft", id: `${item.id}-hint` });
  const read = () => options.filter(({ input }) => input.checked).map(({ input }) => input.value);
  const count = () => {
    hint.textContent = several
      ? `Choose ${item.choose} of ${options.length}; ${read().length} chosen.`
      : "Choose one.";
  };
  return framed(item, number, typed, {
    parts: [hint, h("div", { class: "pick" }, ...options.map(({ label }) => label))],
    first: options[0]?.input,
    inputs: options.map(({ input }) => input),
    read: () => ({ chosen: read() }),
    show: ({ chosen }) => {
      for (const { input } of options) input.checked = chosen?.includes(input.value) ?? false;
      count();
    },
    typed: count,
    lacks: ({ chosen }) => {
      const missing = chosen?.length !== item.choose;
      return missing
        ? `Choose ${item.choose} of ${options.length}; ${chosen?.length ?? 0} chosen so far.`
        : "";
    },
  });
}

function question(item: Question, number: number, typed: (field: Field) => void): Field {
  const text = h("textarea", { id: `${item.id}-text`, rows: 5, dir: "auto", maxlength: item.max_characters });
  const hint = h("p", { class: "soft", id: `${item.id}-hint` });
  const least = item.min_words ?? 0;
  const most = item.max_words ?? Infinity;
  const range = most === Infinity ? (least ? `at least ${least} words` : "") : `${least} to ${most} words`;
  const count = () => {
    const words = countWords(text.value);
    const wrong = words > most || (words > 0 && words < least);
    hint.textContent = [`${words} ${words === 1 ? "word" : "words"}`, range].filter(Boolean).join(" · ");
    hint.classList.toggle("off", wrong);
  };
  text.setAttribute("aria-labelledby", `${item.id}-asked`);
  return framed(item, number, typed, {
    parts: [text, hint],
    first: text,
    inputs: [text],
    read: () => ({ text: text.value }),
    show: (answer) => {
      fill(text, answer.text ?? "");
      count();
    },
    typed: count,
    lacks: (answer) => {
      const words = countWords(answer.text ?? "");
      if (!words) return "Write an answer.";
      if (words < least) return `Write at least ${least} words; ${words} so far.`;
      return words > most ? `Write at most ${most} words; ${words} so far.` : "";
    },
  });
}

interface Frame {
  parts: HTMLElement[];
  first: HTMLElement | undefined;
  inputs: (HTMLInputElement | HTMLTextAreaElement)[];
  read(): Answer;
  show(answer: Answer): void;
  typed?(): void;
  lacks(answer: Answer): string;
}

/** What all kinds share: the text that is asked, its number, and the place for what is wrong. */
function framed(item: Item, number: number, typed: (field: Field) => void, frame: Frame): Field {
  const error = h("p", { class: "error", id: `${item.id}-error` });
  const asked = h("span", { id: `${item.id}-asked`, dir: "auto" }, `${number}. ${item.text}`);
  const element = h("fieldset", { class: "card" }, h("legend", {}, asked), ...frame.parts, error);
  const hint = frame.parts.find((part) => part.id.endsWith("-hint"));
  const field: Field = {
    item,
    element,
    read: frame.read,
    show: frame.show,
    lacks: () => {
      const said = frame.lacks(frame.read());
      return said ? [{ at: "", said }] : [];
    },
    mark: (lacks) => {
      const wrong = lacks.map(({ said }) => said).join(" ");
      error.textContent = wrong;
      for (const input of frame.inputs) {
        if (wrong) input.setAttribute("aria-invalid", "true");
        else input.removeAttribute("aria-invalid");
        const described = [hint?.id, wrong && error.id].filter(Boolean).join(" ");
        if (described) input.setAttribute("aria-describedby", described);
        else input.removeAttribute("aria-describedby");
      }
    },
    focus: () => frame.first?.focus(),
  };
  element.addEventListener("input", () => {
    frame.typed?.();
    if (error.textContent) field.mark(field.lacks());
    typed(field);
  });
  field.mark([]);
  return field;
}

function radio(item: Item, value: string, text: string, several = false) {
  const type = several ? "checkbox" : "radio";
  const input = h("input", { type, name: item.id, value });
  return { input, label: h("label", {}, input, h("span", { dir: "auto" }, text)) };
}

/** Show a text, which may come from another tab, and leave the cursor where it is. */
export function fill(input: HTMLInputElement | HTMLTextAreaElement, text: string): void {
  if (input.value === text) return;
  const { selectionStart, selectionEnd } = input;
  input.value = text;
  if (document.activeElement === input) input.setSelectionRange(selectionStart, selectionEnd);
}
