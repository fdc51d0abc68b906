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
export type Item = Schemas["PageItem"];
export type Statement = Schemas["StatementItem"];
export type Choice = Schemas["ChoiceItem"];
export type Question = Schemas["QuestionItem"];
export type Evidence = Schemas["EvidenceItem"];
export type Form = Schemas["Form"];
export type FormField = Schemas["FormField"];
export type Rule = Schemas["FormRule"];
export type RuleTest = Schemas["FormTest"];
export type Answer = Schemas["ItemAnswer"];
export type Value = string | number | boolean | string[];
export type Answers = Record<string, Answer>;
export type Contribution = Schemas["Contribution"];
export type Witness = Schemas["WitnessRequest"];
export type Attachment = Schemas["Attachment"];
export type AttachmentWithFile = Schemas["AttachmentWithFile"];
export type NewUpload = Schemas["UploadRequest"];
export type Upload = Schemas["Upload"];
export type PartLink = Schemas["PartLink"];
export type Attempt = Schemas["Attempt"];
export type Receipt = Schemas["Receipt"];
export type Problem = Schemas["Problem"];
export type ProblemCode = Schemas["ProblemCode"];
