// The server of the tests: KIM_URL with a token KIM_TOKEN of an agency that receives referrals, and a proxy in front of it
// that writes down every request.

import { createServer } from "node:http";

const { KIM_URL, KIM_TOKEN } = process.env;
if (!KIM_URL || !KIM_TOKEN) throw new Error("set KIM_URL to the server and KIM_TOKEN to a clerk's token");
export const token = () => KIM_TOKEN;

/** Nobody. The tests look only at how the name is sent. */
export const client = { familyName: "Niemand-Sonst", birthDate: "1901-02-03" };
export const DESK = `query Desk($client: ClientInput!) {
  referrals(filter: { client: $client }) { nodes { id reference } }
}`;

/** Runs `use` with the URL of a proxy and the list of the requests that it saw. */
export async function recorded(use) {
  const seen = [];
  const proxy = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray());
    seen.push({ method: request.method, url: decodeURIComponent(request.url), body: body.toString() });
    const { authorization, accept, "content-type": type } = request.headers;
    const headers = { authorization, accept, ...(type && { "content-type": type }) };
    const answer = await fetch(KIM_URL + request.url, { method: request.method, headers, ...(body.length && { body }) });
    response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") });
    response.end(await answer.text());
  });
  await new Promise((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  try {
    return await use(`http://127.0.0.1:${proxy.address().port}`, seen);
  } finally {
    proxy.closeAllConnections();
    proxy.close();
  }
}

/** The ids of the first three pending referrals, or of as many as there are. The tests read pages of one referral. */
export async function pending() {
  const query = "{ referrals(filter: { pending: true }, first: 100) { nodes { id } } }";
  const response = await fetch(`${KIM_URL}/graphql`, {
    method: "POST",
    headers: { authorization: `Bearer ${KIM_TOKEN}`, "content-type": "application/json" },
    body: JSON.stringify({ query }),
  });
  const { data } = await response.json();
  const ids = data.referrals.nodes.map(({ id }) => id);
  if (ids.length === 0) throw new Error("the tests need a pending referral: start the demo again");
  return ids.slice(0, 3);
}

/** The warnings that a library prints while `use` runs. */
export async function warnings(use) {
  const printed = [];
  const { warn, error } = console;
  console.warn = console.error = (...texts) => printed.push(texts.join(" "));
  try {
    await use();
  } finally {
    Object.assign(console, { warn, error });
  }
  return printed;
}
