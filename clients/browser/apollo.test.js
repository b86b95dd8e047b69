import assert from "node:assert/strict";
import { test } from "node:test";

import { gql, InMemoryCache } from "@apollo/client";
import { relayStylePagination } from "@apollo/client/utilities";

import { apolloClient, typePolicies } from "./apollo.js";
import { client, DESK, pending, recorded, token, warnings } from "./server.js";

const LIST = gql`query List {
  referrals(filter: { pending: true }, first: 1) { nodes { id handover { familyName } } pageInfo { endCursor } }
}`;
const FORM = gql`query Form {
  referrals(filter: { pending: true }, first: 1) { nodes { id handover { city withheld { field reason } } } }
}`;
const COUNT = gql`query Count { referrals(filter: { pending: true }, first: 1) { totalCount } }`;
const page = (rows) => gql`query Page($after: String) {
  referrals(filter: { pending: true }, first: 1, after: $after) { ${rows} pageInfo { hasNextPage endCursor } }
}`;
const BY_NODES = page("nodes { id }");
const BY_EDGES = page("edges { node { id } }");

/** Whether the cache still has all that the query asked. */
const has = (apollo, query) => apollo.cache.diff({ query, optimistic: false, returnPartialData: true }).complete;

async function lists(apollo) {
  for (const query of [LIST, FORM, COUNT]) await apollo.query({ query });
  return [LIST, FORM, COUNT].map((query) => has(apollo, query));
}

/** Fetches as many pages as there are ids, and returns what the list shows then. */
async function pages(apollo, query, count) {
  const list = apollo.watchQuery({ query, variables: { after: null } });
  const subscription = list.subscribe(() => {});
  let { data } = await apollo.query({ query, variables: { after: null } });
  for (let more = 1; more < count; more += 1) {
    ({ data } = await list.fetchMore({ variables: { after: data.referrals.pageInfo.endCursor } }));
  }
  // The list is told of the cache's changes in a later turn.
  await new Promise((resolve) => setTimeout(resolve, 20));
  const shown = list.getCurrentResult().data.referrals;
  subscription.unsubscribe();
  return (shown.nodes ?? shown.edges.map(({ node }) => node)).map(({ id }) => id);
}

test("Apollo Client puts no name into an address", () =>
  recorded(async (url, seen) => {
    const { data } = await apolloClient(url, token).query({ query: gql(DESK), variables: { client } });
    assert.deepEqual(data.referrals.nodes, []);
    assert.deepEqual(seen.map(({ method, url }) => [method, url]), [["POST", "/graphql"]]);
  }));

test("Apollo Client keeps what two queries fetched of one handover", () =>
  recorded(async (url) => {
    const printed = await warnings(async () => assert.deepEqual(await lists(apolloClient(url, token)), [true, true, true]));
    assert.deepEqual(printed, []);
  }));

test("Apollo Client without the policies loses what earlier queries fetched", () =>
  recorded(async (url) => {
    const apollo = apolloClient(url, token);
    apollo.cache = new InMemoryCache();
    const printed = await warnings(async () => assert.deepEqual(await lists(apollo), [false, false, true]));
    assert.ok(printed.some((text) => text.includes("handover")), printed.join("\n"));
  }));

test("Apollo Client joins only the values that belong to one object for good", () => {
  const joins = (type, one, other) => {
    const cache = new InMemoryCache({ typePolicies });
    const ask = (field) => gql`query Ask { owner { id value { ${field} } } }`;
    const write = (field) => {
      const data = { owner: { __typename: "Owner", id: "o", value: { __typename: type, [field]: "x" } } };
      cache.writeQuery({ query: ask(field), data });
    };
    void [one, other].map(write);
    return cache.readQuery({ query: ask(one) }) !== null;
  };
  assert.ok(joins("Handover", "street", "city") && joins("CaseRecord", "street", "city") && joins("Viewer", "role", "subject"));
  // Another person may have taken over: the telephone number of the first one must not stay.
  assert.ok(!joins("Contact", "phone", "name"));
});

test("Apollo Client shows all pages that were fetched, and another filter's separately", () =>
  recorded(async (url) => {
    const [apollo, ids] = [apolloClient(url, token), await pending()];
    assert.deepEqual(await pages(apollo, BY_NODES, ids.length), ids);
    const { data } = await apollo.query({ query: gql(DESK), variables: { client } });
    assert.deepEqual(data.referrals.nodes, []);
    const { referrals } = apollo.cache.readQuery({ query: BY_NODES, variables: { after: null } });
    assert.deepEqual(referrals.nodes.map(({ id }) => id), ids);
  }));

test("relayStylePagination needs edges, and the arguments that tell lists apart", () =>
  recorded(async (url) => {
    const ids = await pending();
    const withPolicy = (referrals) => {
      const apollo = apolloClient(url, token);
      apollo.cache = new InMemoryCache({ typePolicies: { Query: { fields: { referrals } } } });
      return apollo;
    };
    const apart = relayStylePagination(["direction", "filter", "orderBy"]);
    assert.deepEqual(await pages(withPolicy(apart), BY_EDGES, ids.length), ids);
    // With nodes only one page is shown, without a warning.
    assert.equal((await pages(withPolicy(apart), BY_NODES, ids.length)).length, 1);
    // Without the arguments the search at the desk is answered with the list of pending referrals.
    const mixing = withPolicy(relayStylePagination());
    await pages(mixing, BY_EDGES, 1);
    const search = gql`query Desk($client: ClientInput!) { referrals(filter: { client: $client }) { edges { node { id } } } }`;
    const { data } = await mixing.query({ query: search, variables: { client } });
    assert.equal(data.referrals.edges.length, 1);
  }));
