// The clerk's list: the pending referrals, page by page, formatted as lines.

import {
  PendingDocument,
  type PendingQuery,
  type ReferralStatus,
  type WithheldReason,
} from "./generated.js";
import { sendQuery, withRetry, type Server } from "./kim.js";

export type PendingReferral = PendingQuery["referrals"]["nodes"][number];

/** All pending referrals, the next deadline first. Pages of `first` rows are fetched on demand. */
export async function* pending(server: Server, first = 20): AsyncGenerator<PendingReferral> {
  let after: string | null = null;
  do {
    const { referrals }: PendingQuery = await withRetry(() => sendQuery(server, PendingDocument, { first, after }));
    yield* referrals.nodes;
    after = referrals.pageInfo.hasNextPage ? (referrals.pageInfo.endCursor ?? null) : null;
  } while (after);
}

/** One line of the list. */
export function line(referral: PendingReferral): string {
  const { handover } = referral;
  const withheld = new Map(handover.withheld.map(({ field, reason }) => [field, reason]));
  const street = withheld.get("STREET");
  return [
    referral.dueOn ?? "ohne Frist",
    referral.overdue ? "überfällig" : statusText(referral.status),
    referral.reference,
    [handover.familyName, handover.givenName].filter(Boolean).join(", ") || "(ohne Namen)",
    // Null and withheld: show the reason. Null and not withheld: unknown or not applicable.
    handover.street ?? (street ? `[${reasonText(street)}]` : "keine Angabe"),
    referral.purpose.label,
  ].join(" · ");
}

/** Label of a status. An unknown status is shown as its code. */
export function statusText(status: ReferralStatus): string {
  switch (status) {
    case "OFFERED":
      return "neu";
    case "ACKNOWLEDGED":
      return "Eingang bestätigt";
    case "INFO_REQUESTED":
      return "Rückfrage";
    default:
      return status;
  }
}

/** Label of every known reason. A missing one does not compile. */
const REASONS: Record<Exclude<WithheldReason, "%future added value">, string> = {
  CLOSED: "geschlossen",
  CONSENT_ENDED: "keine Einwilligung",
  NOT_IN_AGREEMENT: "nicht vereinbart",
  NOT_OFFERED: "nicht übergeben",
  NOT_YET_ACCEPTED: "nach der Annahme",
};

export function reasonText(reason: WithheldReason): string {
  return reason in REASONS ? REASONS[reason as keyof typeof REASONS] : "nicht sichtbar";
}
