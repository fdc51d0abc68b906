/**
 * A file on its way from this device: what is kept of it, and how it is sent.
 *
 * Wherever that is cut, it goes on from what was kept before: the upload is begun under one key, so
 * that there is one of it; parts that have arrived are not sent again; and a file whose arrival
 * nobody knows of is asked for before it is sent once more.
 */

import type { Api, Failure, Outcome } from "../api.ts";
import type { Answer, Upload } from "../model.ts";
import { pathOf } from "../store.ts";

/** As large as the API cuts a part. What is larger goes in parts: a cut costs one of them at most. */
export const PART = 8 * 1024 * 1024;

export interface FileOnItsWay {
  id: string; // its own on this device
  key: string; // the Idempotency-Key under which its upload is begun
  page: string;
  item: string;
  name: string;
  media_type: string;
  size: number;
  caption: string;
  alt_text: string;
  stage: Stage;
  /** The id of its upload and attachment, once the server has told it. */
  upload: string | null;
  /** Why it is not sent: a problem's code, and what the server says of it. */
  refusal: { code: string; details: string[] } | null;
}

export type Stage =
  | "chosen" // and not described yet
  | "queued"
  | "asked" // for an upload; the server may have begun it
  | "begun"
  | "posted" // the form, which may have arrived
  | "removed"; // here, but not on the server yet

/** What sending takes; tests bring their own. */
export interface Means {
  api: Pick<Api, "startUpload" | "upload" | "partLink" | "completeUpload" | "deleteAttachment">;
  /** Send bytes to S3; `body` is a form's or a part's. */
  put(to: S3Request, sent: (bytes: number) => void): Promise<Outcome<null>>;
  content(file: FileOnItsWay): Promise<Blob>;
  /** Keep what a file has come to, unless it has been removed; the first time with its upload in the draft. */
  keep(file: FileOnItsWay): Promise<boolean>;
  drop(file: FileOnItsWay): Promise<void>;
  progress(file: FileOnItsWay, bytes: number): void;
}

export interface S3Request {
  method: "POST" | "PUT";
  url: string;
  headers: Record<string, string>;
  body: Blob | FormData;
}

type Sent = Failure | "sent" | "removed";

/** Bring a file to its end, or as far as the network lets us. */
export async function send(file: FileOnItsWay, means: Means): Promise<Sent> {
  if (file.stage === "removed") return remove(file, means);
  const { api } = means;
  const { centre_id } = pathOf(file.page);
  if (file.stage === "posted") {
    const arrived = await complete(file, means);
    if (arrived === "sent" || !MISSING.has(arrived.code)) return arrived;
  }
  const known = file.upload !== null;
  const outcome = file.upload ? await api.upload(centre_id, file.upload) : await start(file, means);
  if (outcome === "removed") return outcome;
  if (!outcome.ok) return outcome;
  const begun: FileOnItsWay = { ...file, stage: "begun", upload: outcome.data.id };
  if (!known && !(await means.keep(begun))) return "removed";
  const failure = await sendContent(begun, outcome.data, means);
  return failure ?? complete(begun, means);
}

const MISSING = new Set(["upload-not-arrived", "upload-incomplete"]);

async function start(file: FileOnItsWay, means: Means): Promise<Outcome<Upload> | "removed"> {
  const { name, media_type, size, caption, alt_text } = file;
  const in_parts = size > PART;
  const sha256 = in_parts ? null : await digest(await means.content(file));
  if (file.stage === "queued" && !(await means.keep({ ...file, stage: "asked" }))) return "removed";
  const body = { name, media_type, size, sha256, caption, alt_text, in_parts };
  return means.api.startUpload(pathOf(file.page).centre_id, body, file.key);
}

/** Send what the server awaits; null once it has arrived. */
async function sendContent(
  file: FileOnItsWay,
  upload: Upload,
  means: Means,
): Promise<Failure | "removed" | null> {
  const content = await means.content(file);
  const { form, parts } = upload;
  if (form) {
    if (!(await means.keep({ ...file, stage: "posted" }))) return "removed";
    const body = new FormData();
    for (const [name, value] of Object.entries(form.fields)) body.append(name, value);
    body.append("file", content); // S3 reads nothing that stands after it
    const request: S3Request = { method: "POST", url: form.url, headers: {}, body };
    const outcome = await means.put(request, (bytes) => means.progress(file, bytes));
    if (outcome.ok) return null;
    means.progress(file, 0); // it will be sent from its beginning
    return outcome;
  }
  if (!parts) return null; // nothing is awaited any more
  const there = new Set(parts.arrived.map(({ number }) => number));
  let arrived = parts.arrived.reduce((sum, { size }) => sum + size, 0);
  means.progress(file, arrived);
  for (let number = 1; number <= parts.count; number += 1) {
    if (there.has(number)) continue;
    const body = content.slice((number - 1) * parts.size, number * parts.size);
    const { centre_id } = pathOf(file.page);
    const link = await means.api.partLink(centre_id, upload.id, number, await digest(body));
    if (!link.ok) return link;
    const request: S3Request = { method: "PUT", ...link.data, body };
    const outcome = await means.put(request, (bytes) => means.progress(file, arrived + bytes));
    if (outcome.ok) arrived += body.size;
    means.progress(file, arrived);
    if (!outcome.ok) return outcome;
    if (!(await means.keep(file))) return "removed";
  }
  return null;
}

async function complete(file: FileOnItsWay, means: Means): Promise<Failure | "sent"> {
  const outcome = await means.api.completeUpload(pathOf(file.page).centre_id, file.upload ?? "");
  if (!outcome.ok) return outcome;
  await means.drop(file);
  return "sent";
}

/** Have the server let go of it as well. */
async function remove(file: FileOnItsWay, means: Means): Promise<Sent> {
  const { centre_id } = pathOf(file.page);
  let { upload } = file;
  if (!upload) {
    // Asked for, but unanswered: the same key tells which upload it is, or makes it now.
    const outcome = await start(file, means);
    if (outcome === "removed" || (!outcome.ok && outcome.passing)) return outcome;
    upload = outcome.ok ? outcome.data.id : null;
  }
  if (upload) {
    const outcome = await means.api.deleteAttachment(centre_id, upload);
    if (!outcome.ok && (outcome.passing || outcome.code === "unauthenticated")) return outcome;
  }
  await means.drop(file);
  return "removed";
}

/** Whether somebody still wants it sent. */
export function isWaiting({ stage }: FileOnItsWay): boolean {
  return stage !== "removed";
}

/** Begin anew under another key: what was begun before is over. */
export function anew(file: FileOnItsWay): FileOnItsWay {
  return { ...file, key: crypto.randomUUID(), stage: "queued", upload: null, refusal: null };
}

/** An answer with a file, and without another one. */
export function withFile(answer: Answer, added: string | null, removed: string | null = null): Answer {
  const others = (answer.attachments ?? []).filter((each) => each !== added && each !== removed);
  return { ...answer, attachments: added ? [...others, added] : others };
}

export async function digest(content: Blob): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", await content.arrayBuffer()));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
