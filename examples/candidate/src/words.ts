/** What the app says. Problems are told by their codes: the server's texts may change. */

import type { ProblemCode } from "./model.ts";
import type { Status } from "./saver.ts";

export const STATUS: Record<Status, string> = {
  saved: "Saved",
  saving: "Saving…",
  kept: "Kept on this device. It will be sent when the network is back.",
  choose: "Changed elsewhere too. Choose which answers stay.",
  refused: "Not sent, kept on this device. See above.",
  signing: "Signing…",
  "signing-kept": "Your signature is kept on this device. It will be sent when the network is back.",
  "not-kept": "This device cannot keep what you type. Copy it before you leave this page.",
  "signed-out": "Kept on this device. Sign in again to send it.",
};

export const FILES_WAIT = "Saved on this page; files are still to be sent.";

const PROBLEMS: Partial<Record<ProblemCode | "offline" | "unreadable", string>> = {
  offline: "There is no network just now.",
  unauthenticated: "Your sign-in has ended. Sign in again; nothing you typed is lost.",
  "unknown-person": "Your sign-in is not known here. Ask your centre to add you.",
  "role-not-allowed": "Your role at this centre does not include this.",
  "not-the-candidate": "This page belongs to somebody else.",
  "not-found": "There is nothing here, or it is not yours to see.",
  "page-signed":
    "This page is signed and waits for your assessor. What you typed since then is kept on this device, and can be sent if the page comes back to you.",
  "page-competent":
    "This page has been judged competent. What you typed since then is kept on this device, and cannot be sent any more.",
  "page-incomplete": "The page is not complete yet.",
  "not-signed": "Type your name to sign.",
  "too-many-attempts": "This page has been signed too often. Speak with your centre.",
  "enrolment-complete": "This module is complete; its pages do not change any more.",
  "invalid-answers": "Some answers cannot be kept as they are. Mend what is listed.",
  "invalid-upload": "The file is not taken as it is.",
  "too-much-evidence": "You have as many files at this centre as there can be. Delete some.",
  "evidence-bound": "A signed page rests on this file; it stays as it is.",
  unreadable: "This device cannot read the file any more. Remove it, and choose it again.",
  "invalid-body": "Some answers cannot be kept as they are. Mend what is listed.",
};

export const UNSIGNED =
  "Your answers were changed on another device before your signature arrived. Read the page as it stands now, then sign it.";

export const LEAVE_UNSENT =
  "Some answers or files are not sent yet. They are kept on this device and sent when you sign in here again. Sign out?";

export function problemInWords(code: string): string {
  return PROBLEMS[code as ProblemCode] ?? `This did not work (${code}). Tell your centre if it stays.`;
}
