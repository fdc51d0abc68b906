/** The API's nouns, by the names that the app uses: the generated types, and nothing beside them. */

import type { components } from "./generated/api.d.ts";

type Schemas = components["schemas"];

export type Me = Schemas["Me"];
export type EnrolmentSummary = Schemas["EnrolmentSummary"];
export type Enrolment = Schemas["Enrolment"];
export type Progress = Schemas["PageProgress"];
export type Module = Schemas["Module"];
export type PageText = Schemas["ModulePage"];
export type PageView = Schemas["Page"];
export type Item = Statement | Choice | Question | Evidence; // TODO forms
export type Statement = Schemas["StatementItem"];
export type Choice = Schemas["ChoiceItem"];
export type Question = Schemas["QuestionItem"];
export type Answer = Schemas["ItemAnswer"] & {
  attachments?: string[] | null;
  values?: Record<string, Value> | null;
  reasons?: Record<string, string> | null;
}; // TODO binding
export type Value = string | number | boolean | string[];
export type Evidence = Schemas["EvidenceItem"] & {
  blank: Form | null;
  least_files: number;
  most_files: number;
}; // TODO forms
export interface Form {
  id: string;
  title: string;
  instructions: string | null;
  fields: FormField[];
  rules: Rule[];
}
export interface FormField {
  id: string;
  label: string;
  kind: "line" | "text" | "date" | "number" | "yes-no" | "choice" | "choices";
  hint: string | null;
  required: boolean;
  least: number | null;
  most: number | null;
  max_characters: number | null;
  options: { id: string; text: string }[];
}
export interface Rule {
  id: string;
  text: string;
  when: RuleTest[];
  needs: RuleTest[];
}
export interface RuleTest {
  field: string;
  relation: string;
  operands: string[];
}
export type Answers = Record<string, Answer>;
export type Attachment = Schemas["Attachment"];
export type AttachmentWithFile = Schemas["AttachmentWithFile"];
export type NewUpload = Schemas["UploadRequest"];
export type Upload = Schemas["Upload"];
export type PartLink = Schemas["PartLink"];
export type Attempt = Schemas["Attempt"];
export type Receipt = Schemas["Receipt"];
export type Problem = Schemas["Problem"];
export type ProblemCode = Schemas["ProblemCode"];
