/// <reference lib="webworker" />
/** Keeps the app itself at hand, so that it opens without a network. Answers of the API never. */

const worker = self as unknown as ServiceWorkerGlobalScope;
const SHELL = ["./", "app.js", "app.css", "config.json"];

worker.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open("shell")
      .then((cache) => cache.addAll(SHELL))
      .then(() => worker.skipWaiting()),
  );
});

worker.addEventListener("activate", (event) => event.waitUntil(worker.clients.claim()));

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const ours = SHELL.some(
    (each) => new URL(each, worker.registration.scope).pathname === new URL(request.url).pathname,
  );
  if (request.method === "GET" && request.url.startsWith(worker.registration.scope) && ours)
    event.respondWith(newest(request));
});

/** What the server has now; without a network, what it had last. */
async function newest(request: Request): Promise<Response> {
  const cache = await caches.open("shell");
  try {
    const answer = await fetch(request);
    if (answer.ok && !new URL(request.url).search) await cache.put(request, answer.clone());
    return answer;
  } catch {
    return (await cache.match(request, { ignoreSearch: true })) ?? Response.error();
  }
}
