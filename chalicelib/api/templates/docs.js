// Shows the description with Swagger UI; requests go to where this page came from.
(async () => {
  const answered = await fetch("openapi.json");
  const spec = await answered.json();
  spec.servers = [{ url: new URL("..", location.href).href.replace(/\/$/, "") }];
  SwaggerUIBundle({
    spec,
    domNode: document.getElementById("docs"),
    deepLinking: true,
    defaultModelsExpandDepth: 0,
    docExpansion: "none",
    filter: true,
    validatorUrl: null,
  });
})();
