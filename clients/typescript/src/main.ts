// Prints the pending referrals of KIM_TOKEN's agency at the server KIM_URL.

import { TilesDocument } from "./generated.js";
import { sendQuery, KimError, type Server } from "./kim.js";
import { line, pending } from "./pending.js";

const { KIM_URL, KIM_TOKEN } = process.env;
const server: Server = { url: KIM_URL ?? "http://127.0.0.1:8080", token: () => KIM_TOKEN ?? "" };

try {
  const { referralCounts: tiles } = await sendQuery(server, TilesDocument, {});
  console.log(`${tiles.pending} offen, ${tiles.overdue} überfällig, ${tiles.dueThisWeek} fällig bis Sonntag`);
  for await (const referral of pending(server)) console.log(line(referral));
} catch (error) {
  if (!(error instanceof KimError)) throw error;
  console.error(error.code === "UNAUTHENTICATED" ? "Bitte neu anmelden." : `${error.message} (${error.requestId})`);
  process.exitCode = 1;
}
