// Shows the description with Swagger UI; requests go to where this page came from.
const docs = document.getElementById("docs");

// Swagger UI names none of its lists, lets nobody scroll its examples by keyboard, and puts links
// into buttons.
new MutationObserver(() => {
  for (const list of docs.querySelectorAll("select:not([aria-label])")) {
    list.setAttribute("aria-label", list.id === "servers" ? "Server" : "Shown here");
  }
  for (const example of docs.querySelectorAll("pre:not([tabindex])")) {
    example.setAttribute("tabindex", "0");
  }
  for (const link of docs.querySelectorAll("button a[href]")) {
    link.removeAttribute("href");
  }
}).observe(docs, { childList: true, subtree: true });

(async () => {
  const answered = await fetch("openapi.json");
  const spec = await answered.json();
  spec.servers = [{ url: new URL("..", location.href).href.replace(/\/$/, "") }];
  SwaggerUIBundle({
    spec,
    domNode: docs,
    deepLinking: true,
    defaultModelsExpandDepth: 0,
    docExpansion: "list",
    filter: true,
    syntaxHighlight: false,
    validatorUrl: null,
  });
})();
