// Runs the audits of GraphQL over HTTP (npm graphql-http) against KIM_URL with KIM_TOKEN, and fails if one does.

import { serverAudits } from "graphql-http";

const { KIM_URL: url, KIM_TOKEN: token } = process.env;
if (!url || !token) throw new Error("KIM_URL and KIM_TOKEN name the server and a token that it accepts");

/** The audits know nothing of tokens. */
const withToken = (input, init = {}) => {
  const headers = new Headers(init.headers);
  headers.set("authorization", `Bearer ${token}`);
  return fetch(input, { ...init, headers });
};

const audits = serverAudits({ url: `${url}/graphql`, fetchFn: withToken });
let passed = 0;
for (const audit of audits) {
  const result = await audit.fn();
  if (result.status === "ok") passed += 1;
  else console.error(`${audit.id} ${audit.name}: ${result.status}: ${result.reason}`);
}
console.log(`${passed} of ${audits.length} audits passed`);
process.exitCode = passed === audits.length ? 0 : 1;
