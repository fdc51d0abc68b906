/** The API as the app uses it: the generated client, and one kind of answer for all that happens. */

import createClient from "openapi-fetch";
import type { paths } from "./generated/api.d.ts";
import type { Answers, EnrolmentSummary, Module, PageView, Problem, Receipt } from "./model.ts";
import type { Signing } from "./work.ts";

const PATIENCE = 20_000; // milliseconds until a request without an answer counts as lost
const PAGE = "/v1/centres/{centre_id}/enrolments/{enrolment_id}/pages/{page_id}";

/** What a request came to. `code` is a problem's code, or `offline`, or `http-` and a status. */
export type Outcome<T> =
  | { ok: true; data: T; etag: string; url: string }
  | { ok: false; code: string; retryAfter: number | null; problem: Problem | null };

export interface PagePath {
  centre_id: string;
  enrolment_id: string;
  page_id: string;
}
export type EnrolmentPath = Omit<PagePath, "page_id">;
export type Api = ReturnType<typeof createApi>;

/** Lost, or refused for now: the same request may well succeed later. */
export function isPassing(code: string): boolean {
  return ["offline", "busy", "keys-unreachable", "internal-error"].includes(code) || /^http-(429|5..)$/.test(code);
}

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
    enrolments: (centre_id: string) =>
      // @ts-expect-error
      ask<{ items: EnrolmentSummary[] }>(client.GET("/v1/centres/{centre_id}/enrolments", { params: { path: { centre_id } } })),
    enrolment: (path: EnrolmentPath) =>
      ask(client.GET("/v1/centres/{centre_id}/enrolments/{enrolment_id}", { params: { path } })),
    module: (centre_id: string, module_id: string, version: number) =>
      ask<Module>(
        client.GET("/v1/centres/{centre_id}/modules/{module_id}/versions/{version}", {
          params: { path: { centre_id, module_id, version: String(version) } },
        }),
      ),
    page: (path: PagePath) => ask<PageView>(client.GET(PAGE, { params: { path } })),
    save: (path: PagePath, answers: Answers, etag: string) =>
      ask<PageView>(client.PUT(PAGE, { params: { path, header: { "If-Match": etag } }, body: { answers } })),
    sign: (path: PagePath, { key, declaration, signature, etag }: Signing & { etag: string }) =>
      ask<Receipt>(
        client.POST(`${PAGE}/attempts`, {
          params: { path, header: { "If-Match": etag, "Idempotency-Key": key } },
          body: { declaration, signature },
        }),
      ),
    attempts: (path: PagePath) => ask(client.GET(`${PAGE}/attempts`, { params: { path } })),
    certificate: (path: EnrolmentPath) =>
      ask(client.GET("/v1/centres/{centre_id}/enrolments/{enrolment_id}/certificate", { params: { path } })),
    certificatePdf: (path: EnrolmentPath) =>
      ask(client.GET("/v1/centres/{centre_id}/enrolments/{enrolment_id}/certificate/pdf", { params: { path } })),
  };
}

interface Answered {
  data?: unknown;
  error?: unknown;
  response: Response;
}

async function ask<T>(sent: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<Outcome<T>>;
async function ask<T>(sent: Promise<Answered>): Promise<Outcome<T>>;
async function ask<T>(sent: Promise<Answered>): Promise<Outcome<T>> {
  try {
    const { data, error, response } = await sent;
    const etag = response.headers.get("ETag") ?? "";
    if (response.ok) return { ok: true, data: data as T, etag, url: response.url };
    const problem = error && typeof error === "object" && "code" in error ? (error as Problem) : null;
    const retryAfter = Number(response.headers.get("Retry-After")) || null;
    return { ok: false, code: problem?.code ?? `http-${response.status}`, retryAfter, problem };
  } catch {
    // No answer, or half of one: nobody knows whether the server has acted.
    return { ok: false, code: "offline", retryAfter: null, problem: null };
  }
}
