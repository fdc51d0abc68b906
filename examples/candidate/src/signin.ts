/**
 * Signing in: the authorization code flow with PKCE (RFC 6749, section 4.1; RFC 7636).
 *
 * The token lives in this tab's sessionStorage and goes nowhere but to the API. When it has expired
 * the candidate signs in again; what they have typed lies in another place and waits.
 */

import type { Config } from "./config.ts";
import type { Me } from "./model.ts";

export interface Session {
  token: string;
  me?: Me;
}

interface Leaving {
  state: string;
  verifier: string;
  place: string; // where in the app to come back to
}

const SESSION = "session";
const LEAVING = "leaving";

export function session(): Session | null {
  return read<Session>(SESSION);
}

export function keepSession(kept: Session | null): void {
  if (kept) sessionStorage.setItem(SESSION, JSON.stringify(kept));
  else sessionStorage.removeItem(SESSION);
}

/** Leave for the issuer's sign-in page. */
export async function signIn(config: Config): Promise<void> {
  location.assign(`${config.authorization_endpoint}?${await request(config)}`);
}

/** Sign in somebody made up, on a local cloud: send its sign-in form without showing it. */
export async function signInAs(config: Config, username: string, password: string): Promise<void> {
  const form = document.createElement("form");
  form.method = "post";
  form.action = config.local?.form ?? "";
  const fields = new URLSearchParams(await request(config));
  fields.set("username", username);
  fields.set("password", password);
  for (const [name, value] of fields) {
    const input = document.createElement("input");
    Object.assign(input, { type: "hidden", name, value });
    form.append(input);
  }
  document.body.append(form);
  form.submit();
}

/** Come back from the issuer: trade the code for a token. False where it does not fit. */
export async function comeBack(config: Config): Promise<boolean> {
  const given = new URLSearchParams(location.search);
  const leaving = read<Leaving>(LEAVING);
  sessionStorage.removeItem(LEAVING);
  history.replaceState(null, "", home() + (leaving?.place ?? ""));
  const code = given.get("code");
  if (!code || !leaving || given.get("state") !== leaving.state) return false;
  const answer = await fetch(config.token_endpoint, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "authorization_code",
      client_id: config.client_id,
      redirect_uri: home(),
      code,
      code_verifier: leaving.verifier,
    }),
  });
  if (!answer.ok) return false;
  const tokens = (await answer.json()) as Record<Config["token"], string>;
  keepSession({ token: tokens[config.token] });
  return true;
}

async function request(config: Config): Promise<URLSearchParams> {
  const leaving: Leaving = { state: random(), verifier: random(), place: location.hash };
  sessionStorage.setItem(LEAVING, JSON.stringify(leaving));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(leaving.verifier));
  return new URLSearchParams({
    response_type: "code",
    client_id: config.client_id,
    redirect_uri: home(),
    scope: config.scope,
    state: leaving.state,
    code_challenge: base64url(new Uint8Array(digest)),
    code_challenge_method: "S256",
  });
}

function home(): string {
  return location.origin + location.pathname;
}

function random(): string {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

function base64url(bytes: Uint8Array): string {
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function read<T>(name: string): T | null {
  const text = sessionStorage.getItem(name);
  return text ? (JSON.parse(text) as T) : null;
}
