import assert from "node:assert/strict";
import { test } from "node:test";

import { Client, fetchExchange } from "@urql/core";

import { client, DESK, recorded, token } from "./server.js";
import { urqlClient } from "./urql.js";

test("urql puts no name into an address", () =>
  recorded(async (url, seen) => {
    const { data, error } = await urqlClient(url, token).query(DESK, { client });
    assert.deepEqual([error, data?.referrals.nodes], [undefined, []]);
    assert.deepEqual(seen.map(({ method, url }) => [method, url]), [["POST", "/graphql"]]);
    assert.ok(seen[0].body.includes(client.familyName));
  }));

test("urql without the setting sends the name by GET", () =>
  recorded(async (url, seen) => {
    const fetchOptions = { headers: { authorization: `Bearer ${token()}` } };
    await new Client({ url: `${url}/graphql`, fetchOptions, exchanges: [fetchExchange] }).query(DESK, { client });
    assert.equal(seen[0].method, "GET");
    assert.ok(seen[0].url.includes(client.familyName), seen[0].url);
  }));
