/** Sending bytes to S3: an XMLHttpRequest, as `fetch` does not tell how much has gone. */

import type { Outcome } from "../api.ts";
import type { S3Request } from "./files.ts";

const PATIENCE = 30_000; // milliseconds without a byte going on until a request counts as lost

export function put(
  { method, url, headers, body }: S3Request,
  sent: (bytes: number) => void,
): Promise<Outcome<null>> {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    const failed = (code: string, passing: boolean) =>
      resolve({ ok: false, code, passing, retryAfter: null, problem: null });
    let patience = 0;
    const wait = () => {
      clearTimeout(patience);
      patience = setTimeout(() => request.abort(), PATIENCE);
    };
    request.upload.onprogress = ({ loaded }) => {
      wait();
      sent(loaded);
    };
    request.onloadend = () => {
      clearTimeout(patience);
      const { status } = request;
      if (status >= 200 && status < 300) resolve({ ok: true, data: null, etag: "", url });
      else if (!status) failed("offline", true);
      // 403 is a form or link that has expired: the next try has a fresh one. 408 is a slow network.
      else failed(`http-${status}`, status >= 500 || [403, 408, 429].includes(status));
    };
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    wait();
    request.send(body);
  });
}
