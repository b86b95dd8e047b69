import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from "@apollo/client";
import { SetContextLink } from "@apollo/client/link/context";

/** Joins the pages of a list with `nodes`. All other arguments tell the lists apart: their order, filter and direction. */
const pages = {
  keyArgs: (args) => Object.keys(args ?? {}).filter((name) => !["first", "after", "last", "before"].includes(name)),
  merge(shown, next, { args }) {
    const continues = args?.after && args.after === shown?.pageInfo?.endCursor;
    return { ...shown, ...next, ...(continues && { nodes: [...shown.nodes, ...next.nodes] }) };
  },
};

export const typePolicies = {
  // One per referral, case and token, without an id: what a query fetches is added to what another one fetched.
  Handover: { merge: true },
  CaseRecord: { merge: true },
  Viewer: { merge: true },
  Query: { fields: { referrals: pages } },
};

/** A client of the server `url`. `token` is called for each request, so that a renewed token is used. */
export const apolloClient = (url, token) =>
  new ApolloClient({
    cache: new InMemoryCache({ typePolicies }),
    link: ApolloLink.from([
      new SetContextLink(({ headers }) => ({ headers: { ...headers, authorization: `Bearer ${token()}` } })),
      // POST, as long as neither useGETForQueries nor a link for persisted queries is set.
      new HttpLink({ uri: `${url}/graphql` }),
    ]),
  });
