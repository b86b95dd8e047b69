// The code of docs/frontend.md is the code that the other tests run.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { buildSchema, isObjectType } from "graphql";

const GUIDE = readFileSync("../../docs/frontend.md", "utf8");

test("the guide's code is that of the files that it names", () => {
  const blocks = [...GUIDE.matchAll(/`clients\/browser\/([\w./]+)`[^`\n]*:\n\n?```\w+\n([\s\S]*?)```/g)];
  for (const [, name, code] of blocks) assert.equal(code, readFileSync(name, "utf8"), name);
  const named = blocks.map(([, name]) => name).sort();
  assert.deepEqual(named, ["apollo.js", "graphcache.js", "relay/Pending.js", "types.js", "urql.js"]);
});

test("the guide names the installed versions", () => {
  const { dependencies } = JSON.parse(readFileSync("package.json", "utf8"));
  for (const name of ["@apollo/client", "@urql/core", "@urql/exchange-graphcache", "relay-compiler"]) {
    assert.ok(GUIDE.includes(`${name} ${dependencies[name]}`), name);
  }
});

test("the guide names the types with an id, and those that are nodes", () => {
  const schemas = readdirSync("../../graphql/schema").filter((name) => name.endsWith(".graphql"));
  const types = schemas.flatMap((name) => {
    const schema = buildSchema(readFileSync(`../../graphql/schema/${name}`, "utf8"));
    return Object.values(schema.getTypeMap()).filter((type) => isObjectType(type) && "id" in type.getFields());
  });
  const list = (some) => {
    const names = [...new Set(some.map(({ name }) => name))].sort();
    return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
  };
  const guide = GUIDE.replace(/\s+/g, " ");
  assert.ok(guide.includes(`${list(types)} have an \`id\``), list(types));
  const nodes = types.filter((type) => type.getInterfaces().some(({ name }) => name === "Node"));
  assert.ok(guide.includes(`types that implement Node: ${list(nodes)}.`), list(nodes));
});
