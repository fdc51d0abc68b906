/** The API as the app uses it: the generated client, and one kind of answer for all that happens. */

import createClient from "openapi-fetch";
import type { paths } from "./generated/api.d.ts";
import type { Answers, EnrolmentSummary, Problem } from "./model.ts";
import type { Signing } from "./work.ts";

const PATIENCE = 20_000; // milliseconds until a request without an answer counts as lost
const ENROLMENTS = "/v1/centres/{centre_id}/enrolments";
const ENROLMENT = `${ENROLMENTS}/{enrolment_id}` as const;
const PAGE = `${ENROLMENT}/pages/{page_id}` as const;
const ATTEMPTS = `${PAGE}/attempts` as const;

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
    /** All that somebody is enrolled in at a centre; the list comes page by page. */
    enrolments: async (centre_id: string, candidate_id: string): Promise<Outcome<EnrolmentSummary[]>> => {
      const found: EnrolmentSummary[] = [];
      const query: { candidate_id: string; cursor?: string } = { candidate_id };
      for (;;) {
        const page = await ask(client.GET(ENROLMENTS, { params: { path: { centre_id }, query } }));
        if (!page.ok) return page;
        found.push(...page.data.items);
        if (!page.data.next) return { ...page, data: found };
        query.cursor = page.data.next;
      }
    },
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
  };
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
