/** What every screen is handed. */

import type { Api } from "./api.ts";
import type { Config } from "./config.ts";
import type { Attachments } from "./evidence/attachments.ts";
import type { Sender } from "./evidence/sender.ts";
import type { Me } from "./model.ts";
import type { Saver } from "./saver.ts";
import type { Store } from "./store.ts";

export interface App {
  config: Config;
  api: Api;
  store: Store;
  me: Me;
  /** The id that the candidate has at a centre; another one at each. */
  personAt(centre_id: string): string;
  /** The pages where something is still to be sent. */
  unsent(): Promise<string[]>;
  saverOf(page: string): Saver;
  sender: Sender;
  attachments: Attachments;
  /** Say what the screen is, put it up, and lead keyboard and screen reader to its heading. */
  show(title: string, ...parts: Node[]): void;
  /** Be told of each change of a page until the next screen is shown. */
  onChange(listener: (page: string) => unknown): void;
  signInAgain(): void;
}
