// Bundles the pages into static/: two HTML files, and assets named after their content so that they never go stale.
// `node build.mjs --tests DIR` bundles the unit tests into DIR instead, for node's own test runner.
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const HERE = dirname(fileURLToPath(import.meta.url));
const STATIC = join(HERE, "static");
const PAGES = ["candidate", "proctor"];
const TESTS = resolve(HERE, "../../tests/proctor_sfu/web");
const BROWSERS = ["chrome111", "edge111", "firefox115", "safari16.4"];

/** Bundles the pages; the earlier bundle stays in place until the new one is complete. */
async function pages() {
  const unfinished = `${STATIC}.${process.pid}`;
  const result = await build({
    absWorkingDir: HERE,
    entryPoints: PAGES.map((page) => ({ in: `src/${page}/main.ts`, out: page })),
    outdir: join(unfinished, "assets"),
    entryNames: "[name]-[hash]",
    chunkNames: "shared-[hash]",
    assetNames: "[name]-[hash]",
    loader: { ".svg": "file" },
    bundle: true,
    splitting: true,
    minify: true,
    format: "esm",
    target: BROWSERS,
    legalComments: "none",
    metafile: true,
    logLevel: "warning",
  });
  const text = await texts();
  const icon = await copyIcon(unfinished);
  for (const page of PAGES) {
    const script = output(result.metafile, page, unfinished);
    const style = basename(result.metafile.outputs[script].cssBundle);
    const html = (await readFile(join(HERE, "src/page.html"), "utf8"))
      .replaceAll("{{title}}", text.title[page])
      .replaceAll("{{noscript}}", text.noscript)
      .replaceAll("{{icon}}", icon)
      .replaceAll("{{style}}", style)
      .replaceAll("{{script}}", basename(script));
    await writeFile(join(unfinished, `${page}.html`), html);
  }
  await writeFile(join(unfinished, "assets/licences.txt"), await licences(result.metafile));
  await rm(STATIC, { recursive: true, force: true });
  await rename(unfinished, STATIC);
}

/** Returns the output path of a page's script. */
function output(metafile, page) {
  const entry = `src/${page}/main.ts`;
  const found = Object.entries(metafile.outputs).find(([, each]) => each.entryPoint === entry);
  if (found === undefined) throw new Error(`esbuild made nothing of ${entry}`);
  return found[0];
}

/** Returns the strings that HTML needs; they live with all others in strings.ts. */
async function texts() {
  const bundled = await build({
    entryPoints: [join(HERE, "src/strings.ts")],
    bundle: true,
    format: "esm",
    write: false,
  });
  const module = await import(
    `data:text/javascript;base64,${Buffer.from(bundled.outputFiles[0].contents).toString("base64")}`
  );
  return module.strings.document;
}

async function copyIcon(folder) {
  const content = await readFile(join(HERE, "src/icon.svg"));
  const name = `icon-${createHash("sha256").update(content).digest("hex").slice(0, 8).toUpperCase()}.svg`;
  await writeFile(join(folder, "assets", name), content);
  return name;
}

/** Returns the licences of the packages that ended up in the bundle. */
async function licences(metafile) {
  const used = new Set();
  for (const input of Object.keys(metafile.inputs)) {
    const found = /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (found) used.add(found[1]);
  }
  const parts = [];
  for (const name of [...used].sort()) {
    const folder = join(HERE, "node_modules", name);
    const { version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    const file = (await readdir(folder)).find((each) => /^licen[cs]e/i.test(each));
    const text = file ? await readFile(join(folder, file), "utf8") : "";
    parts.push(`${name} ${version} (${license})\n\n${text.trim()}\n`);
  }
  return parts.join(`\n${"-".repeat(80)}\n\n`);
}

/** Bundles every unit test into `folder`, one file each. */
async function tests(folder) {
  const names = (await readdir(TESTS)).filter((name) => name.endsWith(".test.ts"));
  await mkdir(folder, { recursive: true });
  await build({
    entryPoints: names.map((name) => join(TESTS, name)),
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node18",
    sourcemap: "inline",
    nodePaths: [join(HERE, "node_modules")],
    logLevel: "warning",
  });
}

const [option, folder] = process.argv.slice(2);
if (option === "--tests") await tests(resolve(folder));
else await pages();
