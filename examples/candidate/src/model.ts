/** The API's nouns, by the names that the app uses. The generated types are their source. */

import type { components } from "./generated/api.d.ts";

type Schemas = components["schemas"];

export type Me = Schemas["Me"];
export type Enrolment = Schemas["EnrolmentOut"];
export type Progress = Schemas["ProgressOut"];
export type PageState = Progress["state"];
export type Attempt = Schemas["AttemptOut"];
export type Receipt = Schemas["Receipt"];
export type Certificate = Schemas["CertificateOut"];
export type Problem = Schemas["Problem"];

export type Answer = Schemas["AnswerIn"];
export type Answers = Record<string, Answer>;

interface Asked {
  id: string;
  text: string;
}
export type Statement = Asked & { kind: "statement"; max_initials: number };
export type Choice = Asked & {
  kind: "choice";
  choose: number;
  options: { id: string; text: string }[];
};
export type Question = Asked & {
  kind: "question";
  min_words: number | null;
  max_words: number | null;
  max_characters: number;
};
export type Evidence = Asked & { kind: "evidence" };
export type Item = Statement | Choice | Question | Evidence;

export interface Group {
  title: string;
  instructions: string;
  items: string[];
}
export interface PageText {
  id: string;
  title: string;
  instructions: string;
  items: Item[];
  groups: Group[];
}
export type PageView = Omit<Schemas["PageOut"], "page" | "answers"> & {
  page: PageText;
  answers: Answers;
};
export interface Module {
  title: string;
  language: string;
  elements: { title: string; pages: PageText[] }[];
}
export interface EnrolmentSummary {
  id: string;
  module_id: string;
  module_version: number;
  module_title: string;
  state: Enrolment["state"];
  candidate_id: string;
  due_on: string;
}
