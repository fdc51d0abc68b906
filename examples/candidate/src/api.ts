/** The API as the app uses it: the generated client, and one kind of answer for all that happens. */

import createClient from "openapi-fetch";
import type { paths } from "./generated/api.d.ts";
import type {
  Answers,
  Attachment,
  EnrolmentSummary,
  NewUpload,
  PartLink,
  Problem,
  Witness,
} from "./model.ts";
import type { Signing } from "./work.ts";

const PATIENCE = 20_000; // milliseconds until a request without an answer counts as lost
const ENROLMENTS = "/v1/centres/{centre_id}/enrolments";
const ENROLMENT = `${ENROLMENTS}/{enrolment_id}` as const;
const PAGE = `${ENROLMENT}/pages/{page_id}` as const;
const ATTEMPTS = `${PAGE}/attempts` as const;
const CONTRIBUTIONS = `${PAGE}/contributions` as const;
const ATTACHMENTS = "/v1/centres/{centre_id}/attachments";
const ATTACHMENT = `${ATTACHMENTS}/{attachment_id}` as const;
const UPLOADS = "/v1/centres/{centre_id}/uploads";
const UPLOAD = `${UPLOADS}/{upload_id}` as const;

/** What a request came to. */
export type Outcome<T> = { ok: true; data: T; etag: string; url: string } | Failure;

/** `code` is a problem's code, or `offline`, or `http-` and a status. */
export interface Failure {
  ok: false;
  code: string;
  /** Lost, or refused for now: the same request may well succeed later. */
  passing: boolean;
  retryAfter: number | null; // seconds
  problem: Problem | null;
}

export interface PagePath {
  centre_id: string;
  enrolment_id: string;
  page_id: string;
}
export type EnrolmentPath = Omit<PagePath, "page_id">;
export type Api = ReturnType<typeof createApi>;

export function createApi(base: string, token: () => string | undefined) {
  const client = createClient<paths>({
    baseUrl: base,
    fetch: (request) => fetch(request, { signal: AbortSignal.timeout(PATIENCE) }),
  });
  client.use({
    onRequest: ({ request }) => request.headers.set("Authorization", `Bearer ${token() ?? ""}`),
  });
  return {
    me: () => ask(client.GET("/v1/me")),
    /** All that somebody is enrolled in at a centre. */
    enrolments: (centre_id: string, candidate_id: string): Promise<Outcome<EnrolmentSummary[]>> =>
      all((cursor) => {
        const query = { candidate_id, ...cursor };
        return ask(client.GET(ENROLMENTS, { params: { path: { centre_id }, query } }));
      }),
    enrolment: (path: EnrolmentPath) => ask(client.GET(ENROLMENT, { params: { path } })),
    module: (centre_id: string, module_id: string, version: number) => {
      const path = { centre_id, module_id, version };
      return ask(
        client.GET("/v1/centres/{centre_id}/modules/{module_id}/versions/{version}", { params: { path } }),
      );
    },
    page: (path: PagePath) => ask(client.GET(PAGE, { params: { path } })),
    save: (path: PagePath, answers: Answers, etag: string) => {
      const header = { "If-Match": etag };
      return ask(client.PUT(PAGE, { params: { path, header }, body: { answers } }));
    },
    sign: (path: PagePath, { key, declaration, signature, etag }: Signing & { etag: string }) => {
      const header = { "If-Match": etag, "Idempotency-Key": key };
      return ask(client.POST(ATTEMPTS, { params: { path, header }, body: { declaration, signature } }));
    },
    attempts: (path: PagePath) => ask(client.GET(ATTEMPTS, { params: { path } })),
    certificate: (path: EnrolmentPath) => ask(client.GET(`${ENROLMENT}/certificate`, { params: { path } })),
    certificatePdf: (path: EnrolmentPath) =>
      ask(client.GET(`${ENROLMENT}/certificate/pdf`, { params: { path } })),
    contributions: (path: PagePath) => ask(client.GET(CONTRIBUTIONS, { params: { path } })),
    inviteWitness: (path: PagePath, item_id: string, body: Witness, key: string) => {
      const params = { path: { ...path, item_id }, header: { "Idempotency-Key": key } };
      return ask(client.POST(`${CONTRIBUTIONS}/{item_id}/invitations`, { params, body }));
    },
    startUpload: (centre_id: string, body: NewUpload, key: string) => {
      const header = { "Idempotency-Key": key };
      return ask(client.POST(UPLOADS, { params: { path: { centre_id }, header }, body }));
    },
    upload: (centre_id: string, upload_id: string) =>
      ask(client.GET(UPLOAD, { params: { path: { centre_id, upload_id } } })),
    /** A link that takes this part alone. */
    partLink: async (
      centre_id: string,
      upload_id: string,
      number: number,
      sha256: string,
    ): Promise<Outcome<PartLink>> => {
      const params = { path: { centre_id, upload_id } };
      const found = await ask(
        client.POST(`${UPLOAD}/parts`, { params, body: { parts: [{ number, sha256 }] } }),
      );
      return found.ok ? { ...found, data: found.data.parts[0] as PartLink } : found;
    },
    completeUpload: (centre_id: string, upload_id: string) =>
      ask(client.POST(`${UPLOAD}/completion`, { params: { path: { centre_id, upload_id } } })),
    attachment: (centre_id: string, attachment_id: string) =>
      ask(client.GET(ATTACHMENT, { params: { path: { centre_id, attachment_id } } })),
    /** All that the candidate has ever uploaded at a centre, newest last. */
    attachments: (centre_id: string): Promise<Outcome<Attachment[]>> =>
      all((cursor) => ask(client.GET(ATTACHMENTS, { params: { path: { centre_id }, query: cursor } }))),
    deleteAttachment: (centre_id: string, attachment_id: string) =>
      ask(client.DELETE(ATTACHMENT, { params: { path: { centre_id, attachment_id } } })),
  };
}

interface Listed<T> {
  items: T[];
  next: string | null;
}

/** A whole list, which comes page by page. */
async function all<T>(
  ask: (cursor: { cursor?: string }) => Promise<Outcome<Listed<T>>>,
): Promise<Outcome<T[]>> {
  const found: T[] = [];
  for (let cursor = {}; ;) {
    const page = await ask(cursor);
    if (!page.ok) return page;
    found.push(...page.data.items);
    if (!page.data.next) return { ...page, data: found };
    cursor = { cursor: page.data.next };
  }
}

interface Answered<T> {
  data?: T;
  error?: Problem;
  response: Response;
}

async function ask<T>(sent: Promise<Answered<T>>): Promise<Outcome<T>> {
  try {
    const { data, error, response } = await sent;
    const etag = response.headers.get("ETag") ?? "";
    if (response.ok) return { ok: true, data: data as T, etag, url: response.url };
    // What stands between us and the API may answer in its own way.
    const code = error?.code ?? `http-${response.status}`;
    const retryAfter = Number(response.headers.get("Retry-After")) || null;
    const passing = response.status === 429 || response.status >= 500;
    return { ok: false, code, passing, retryAfter, problem: error?.code ? error : null };
  } catch {
    // No answer, or half of one: nobody knows whether the server has acted.
    return { ok: false, code: "offline", passing: true, retryAfter: null, problem: null };
  }
}
