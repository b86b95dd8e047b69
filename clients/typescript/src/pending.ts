// The clerk's list: what is pending, page by page, as lines to read.

import {
  PendingDocument,
  type PendingQuery,
  type ReferralStatus,
  type WithheldReason,
} from "./generated.js";
import { ask, patiently, type Server } from "./kim.js";

export type PendingReferral = PendingQuery["referrals"]["nodes"][number];

/** Every pending referral, the next deadline first. The pages are fetched as they are needed. */
export async function* pending(server: Server): AsyncGenerator<PendingReferral> {
  let after: string | null = null;
  do {
    const { referrals }: PendingQuery = await patiently(() => ask(server, PendingDocument, { after }));
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
    // Null and withheld: say why. Null alone: the client has none, or nobody knows it.
    handover.street ?? (street ? `[${reasonText(street)}]` : "keine Angabe"),
    referral.purpose.label,
  ].join(" · ");
}

/** A word that this client does not know yet is shown as it is, and nothing breaks. */
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

/** Every reason of today has its words: leave one out, and this does not compile. */
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
