import { cacheExchange } from "@urql/exchange-graphcache";
import { relayPagination } from "@urql/exchange-graphcache/extras";
import { embedded } from "./build/embedded.js";

/** The cache for `urqlClient`. */
export const graphcache = () =>
  cacheExchange({
    // A type without an id is kept inside of the object that has it.
    keys: Object.fromEntries(embedded.map((type) => [type, () => null])),
    // One list of all pages that were fetched. Works with nodes and with edges.
    resolvers: { Query: { referrals: relayPagination() } },
  });
