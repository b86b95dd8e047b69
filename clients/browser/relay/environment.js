import { Environment, Network, RecordSource, Store } from "relay-runtime";

/** An environment for the server `url`. `token` is called for each request, so that a renewed token is used. */
export const relayEnvironment = (url, token) =>
  new Environment({
    network: Network.create(async ({ text }, variables) => {
      const response = await fetch(`${url}/graphql`, {
        method: "POST",
        headers: { authorization: `Bearer ${token()}`, "content-type": "application/json" },
        body: JSON.stringify({ query: text, variables }),
      });
      return response.json();
    }),
    store: new Store(new RecordSource()),
  });
