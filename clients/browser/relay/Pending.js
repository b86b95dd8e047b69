import { graphql } from "relay-runtime";

export const query = graphql`
  query PendingQuery {
    ...Pending_list
  }
`;

export const list = graphql`
  fragment Pending_list on Query
  @refetchable(queryName: "PendingPageQuery")
  @argumentDefinitions(first: { type: "Int", defaultValue: 20 }, after: { type: "String" }) {
    referrals(filter: { pending: true }, first: $first, after: $after) @connection(key: "Pending_referrals") {
      edges {
        node {
          reference
          ...Pending_row
        }
      }
    }
  }
`;

export const row = graphql`
  fragment Pending_row on Referral @refetchable(queryName: "PendingRowQuery") {
    status
    handover {
      familyName
      withheld {
        field
        reason
      }
    }
  }
`;
