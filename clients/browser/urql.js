import { cacheExchange, Client, fetchExchange } from "@urql/core";

/** A client of the server `url`. `token` is called for each request, so that a renewed token is used. */
export const urqlClient = (url, token, cache = cacheExchange) =>
  new Client({
    url: `${url}/graphql`,
    // By default urql sends a query by GET if its address has fewer than 2,048 characters: with the client's name in it.
    preferGetMethod: false,
    fetchOptions: () => ({ headers: { authorization: `Bearer ${token()}` } }),
    exchanges: [cache, fetchExchange],
  });
