// The code of docs/frontend.md is the code that the other tests run.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

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
