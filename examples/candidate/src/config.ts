/** Where the API and the issuer are: `config.json`, served beside the app. */

export interface Config {
  /** The address before `/v1`, without a slash at its end. */
  api: string;
  /** As the issuer's discovery document names them (OpenID Connect Discovery 1.0, section 3). */
  authorization_endpoint: string;
  token_endpoint: string;
  client_id: string;
  scope: string;
  /** Which of the issuer's tokens the API takes: the one whose `aud` it is configured with. */
  token: "id_token" | "access_token";
  /** Where files are sent and shown from: the two buckets. Whoever serves the app names them in its policy. */
  files?: { quarantine: string; evidence: string };
  /** A local cloud's made-up people and the address of its sign-in form; nowhere else. */
  local?: { form: string; people: { name: string; about: string; username: string; password: string }[] };
}

export async function readConfig(): Promise<Config> {
  const answer = await fetch("config.json");
  if (!answer.ok) throw new Error(`config.json: ${answer.status}`);
  return (await answer.json()) as Config;
}
