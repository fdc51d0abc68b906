// Types from the API's description, a check of ours against them, and one file for the browser.
//
//   node build.mjs [description]     ../../docs/openapi.json unless another one is named

import { execFileSync } from "node:child_process";
import { cpSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const description = process.argv[2] ?? fileURLToPath(new URL("../../docs/openapi.json", import.meta.url));

function run(...script) {
  execFileSync(process.execPath, script, { cwd: here, stdio: ["ignore", "ignore", "inherit"] });
}

try {
  // A default is the server's business: what has one may be left out of a request.
  run(
    ...["node_modules/openapi-typescript/bin/cli.js", description],
    ...["--output", "src/generated/api.d.ts", "--default-non-nullable", "false"],
  );
  execFileSync(process.execPath, ["node_modules/typescript/bin/tsc"], { cwd: here, stdio: "inherit" });
} catch {
  process.exit(1); // they have said what is wrong
}
rmSync(`${here}dist`, { recursive: true, force: true });
cpSync(`${here}public`, `${here}dist`, { recursive: true });
await build({
  absWorkingDir: here,
  entryPoints: { app: "src/main.ts", worker: "src/worker.ts" },
  outdir: "dist",
  bundle: true,
  format: "esm",
  target: "es2022",
  sourcemap: true,
  logLevel: "warning",
});
