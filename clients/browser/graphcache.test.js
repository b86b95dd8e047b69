import assert from "node:assert/strict";
import { test } from "node:test";

import { Client, fetchExchange } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";

import { embedded } from "./build/embedded.js";
import { graphcache } from "./graphcache.js";
import { client, DESK, pending, recorded, token, warnings } from "./server.js";
import { urqlClient } from "./urql.js";

const SCREEN = `query Screen {
  viewer { role agency { id name } }
  referralCounts { pending byStatus { status count } }
  referrals(filter: { pending: true }, first: 1) {
    totalCount
    nodes {
      id
      purpose { code label }
      senderContact { name phone }
      handover { familyName withheld { field reason } entries { field label value } }
      events(first: 3) { edges { node { id changedFields { field change } } } pageInfo { hasNextPage } }
    }
  }
}`;
const PAGE = `query Page($after: String) {
  referrals(filter: { pending: true }, first: 1, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } }
}`;

test("Graphcache keeps types without an id, and warns of none", () =>
  recorded(async (url, seen) => {
    const urql = urqlClient(url, token, graphcache());
    const printed = await warnings(async () => {
      const { data, error } = await urql.query(SCREEN, {});
      assert.equal(error, undefined);
      assert.deepEqual((await urql.query(SCREEN, {}, { requestPolicy: "cache-only" })).data, data);
      await urql.query(DESK, { client });
    });
    assert.deepEqual(printed, []);
    assert.deepEqual(seen.map(({ method, url }) => [method, url]), Array(2).fill(["POST", "/graphql"]));
  }));

test("Graphcache without keys warns of every type without an id", () =>
  recorded(async (url) => {
    const urql = urqlClient(url, token, cacheExchange({}));
    const printed = (await warnings(async () => void (await urql.query(SCREEN, {})))).join("\n");
    for (const type of ["Handover", "HandoverEntry", "Purpose", "ReferralCounts", "StatusCount", "Viewer"]) {
      assert.ok(printed.includes(`\`keys\` config for \`${type}\``), type);
    }
  }));

test("Graphcache shows all pages that were fetched, and another filter's separately", () =>
  recorded(async (url) => {
    const urql = urqlClient(url, token, graphcache());
    const ids = await pending();
    let after = null;
    for (const [place] of ids.entries()) {
      const { data } = await urql.query(PAGE, { after });
      assert.deepEqual(data.referrals.nodes.map(({ id }) => id), ids.slice(0, place + 1));
      after = data.referrals.pageInfo.endCursor;
    }
    assert.deepEqual((await urql.query(DESK, { client })).data.referrals.nodes, []);
  }));

/** Two answers about one referral, before and after a change. The second query asks less of the values without an id. */
test("Graphcache mixes a value of two queries that ask different parts of it", async () => {
  const withheld = (...fields) => ({ __typename: "Handover", withheld: fields });
  const referral = (handover) => ({ referral: { __typename: "Referral", id: "r", handover } });
  const field = (field, more) => ({ __typename: "WithheldField", field, ...more });
  const answers = [
    referral(withheld(field("STREET", { reason: "NOT_YET_ACCEPTED" }), field("PHONE", { reason: "NOT_OFFERED" }))),
    referral(withheld(field("PHONE"))),
  ];
  const answer = () => new Response(JSON.stringify({ data: answers.shift() }), { headers: { "content-type": "application/json" } });
  const keys = Object.fromEntries(embedded.map((type) => [type, () => null]));
  const exchanges = [cacheExchange({ keys }), fetchExchange];
  const urql = new Client({ url: "http://server", preferGetMethod: false, fetch: async () => answer(), exchanges });
  const whole = 'query Whole { referral(id: "r") { id handover { withheld { field reason } } } }';
  await urql.query(whole, {});
  await urql.query('query Part { referral(id: "r") { id handover { withheld { field } } } }', {}, { requestPolicy: "network-only" });
  const { data } = await urql.query(whole, {}, { requestPolicy: "cache-only" });
  // The telephone was not offered. The cache shows the reason of another field.
  assert.deepEqual(data.referral.handover.withheld, [{ field: "PHONE", reason: "NOT_YET_ACCEPTED" }]);
});
