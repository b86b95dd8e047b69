import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { register } from "node:module";
import { test } from "node:test";
import { promisify } from "node:util";

import { createOperationDescriptor, fetchQuery, getSingularSelector } from "relay-runtime";

import { relayEnvironment } from "./relay/environment.js";
import { pending, recorded, token, warnings } from "./server.js";

const COMPILER = "node_modules/relay-compiler/cli.js";
// Artifacts import one another without the extension, which a bundler adds.
const addExtension = 'export const resolve = (name, context, next) => next(name.endsWith(".graphql") ? `${name}.js` : name, context);';
register(`data:text/javascript,${encodeURIComponent(addExtension)}`);
const run = promisify(execFile);

/** Compiles a document in a folder of its own, and returns what the compiler prints. */
async function compiled(document, schema = "AUSLAENDERBEHOERDE.CLERK") {
  const folder = "build/relay";
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(`${folder}/src`, { recursive: true });
  writeFileSync(`${folder}/src/Screen.js`, `graphql\`${document}\`;\n`);
  const config = { src: `./${folder}/src`, schema: `../../graphql/schema/${schema}.graphql`, language: "javascript" };
  writeFileSync("build/relay.config.json", JSON.stringify(config));
  // A refused document is an exit code too.
  const { stdout, stderr } = await run(process.execPath, [COMPILER, "build/relay.config.json"]).catch((failed) => failed);
  return stdout + stderr;
}
const pages = (rows) => `fragment Screen_list on Query
  @refetchable(queryName: "ScreenPageQuery")
  @argumentDefinitions(first: { type: "Int" }, after: { type: "String" }) {
    referrals(first: $first, after: $after) @connection(key: "Screen_referrals") { ${rows} }
  }`;

test("Relay shows all pages that were fetched, by POST only", () =>
  recorded(async (url, seen) => {
    const artifact = async (name) => (await import(`./relay/__generated__/${name}.graphql.js`)).default;
    const [page, list] = [await artifact("PendingPageQuery"), await artifact("Pending_list")];
    const [ids, environment] = [await pending(), relayEnvironment(url, token)];
    const read = () => {
      const operation = createOperationDescriptor(page, { first: 1, after: null });
      const root = environment.lookup(operation.fragment).data;
      return environment.lookup(getSingularSelector(list, root)).data.referrals;
    };
    const printed = await warnings(async () => {
      for (const [place] of ids.entries()) {
        const after = place === 0 ? null : read().pageInfo.endCursor;
        await fetchQuery(environment, page, { first: 1, after }).toPromise();
        assert.deepEqual(read().edges.map(({ node }) => node.__id), ids.slice(0, place + 1));
      }
    });
    assert.deepEqual(printed, []);
    assert.ok(seen.every(({ method, url }) => method === "POST" && url === "/graphql"));
  }));

test("Relay's compiler accepts every schema", async () => {
  const schemas = readdirSync("../../graphql/schema").filter((name) => name.endsWith(".graphql"));
  assert.ok(schemas.length > 0);
  for (const name of schemas) {
    const said = await compiled("query ScreenQuery { viewer { role } }", name.replace(".graphql", ""));
    assert.ok(said.includes("Compilation completed."), `${name}: ${said}`);
  }
});

test("Relay's compiler demands edges of a list in pages, and a node of what is read again", async () => {
  assert.match(await compiled(pages("edges { node { reference } }")), /Compilation completed/);
  assert.match(await compiled(pages("nodes { reference }")), /Expected 'referrals' to be passed a 'edges' selection/);
  const again = (type, field) => `fragment Screen_row on ${type} @refetchable(queryName: "ScreenRowQuery") { ${field} }`;
  assert.match(await compiled(again("Referral", "status")), /Compilation completed/);
  for (const [type, field] of [["Handover", "familyName"], ["Message", "text"], ["Correction", "text"]]) {
    assert.match(await compiled(again(type, field)), /Invalid use of @refetchable/, type);
  }
});
