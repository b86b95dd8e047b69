// Runs against the server KIM_URL, with a token KIM_TOKEN of a clerk at an Ausländerbehörde.

import assert from "node:assert/strict";
import { test } from "node:test";

import { PendingDocument, type ReferralStatus, TilesDocument, type WithheldReason } from "./generated.js";
import { sendQuery, KimError, withRetry, type Server } from "./kim.js";
import { line, pending, type PendingReferral, reasonText, statusText } from "./pending.js";

const { KIM_URL: url, KIM_TOKEN: token } = process.env;
if (!url || !token) throw new Error("set KIM_URL to the server and KIM_TOKEN to a clerk's token");
const server: Server = { url, token: () => token };

const code = (expected: string) => (error: unknown) => error instanceof KimError && error.code === expected;

const { referralCounts } = await sendQuery(server, TilesDocument, {});
if (referralCounts.pending === 0) throw new Error("the tests need a pending referral: start the demo again");

test("the pages contain the whole list in order, each referral once", async () => {
  // A size that leaves several pages, however many referrals are pending.
  const first = Math.min(100, Math.ceil(referralCounts.pending / 3));
  let pages = 0;
  const counted: Server = { url, token: () => ((pages += 1), token) };
  const all: PendingReferral[] = [];
  for await (const referral of pending(counted, first)) all.push(referral);
  assert.ok(pages >= Math.ceil(referralCounts.pending / first), `${pages} pages of ${first}`);
  assert.equal(all.length, referralCounts.pending);
  assert.equal(new Set(all.map(({ id }) => id)).size, all.length);
  const days = all.map(({ dueOn }) => dueOn ?? "9999-12-31");
  assert.deepEqual(days, [...days].sort());
});

test("a withheld field is null and has a reason with a label", async () => {
  let withheld = 0;
  for await (const referral of pending(server)) {
    for (const { field, reason } of referral.handover.withheld) {
      withheld += 1;
      assert.notEqual(reasonText(reason), "nicht sichtbar", reason);
      if (field === "STREET") {
        assert.equal(referral.handover.street, null);
        assert.ok(line(referral).includes(`[${reasonText(reason)}]`));
      }
    }
  }
  // A pending referral is not accepted yet: its preview never shows everything.
  assert.ok(withheld > 0);
});

test("unknown enum values are handled", () => {
  assert.equal(statusText("HANDED_BACK_TWICE" as ReferralStatus), "HANDED_BACK_TWICE");
  assert.equal(reasonText("SOMETHING_NEW" as WithheldReason), "nicht sichtbar");
});

test("errors are distinguished by code", async () => {
  await assert.rejects(sendQuery({ url, token: () => "expired" }, TilesDocument, {}), code("UNAUTHENTICATED"));
  await assert.rejects(sendQuery(server, PendingDocument, { after: "no cursor" }), code("BAD_INPUT"));
  await assert.rejects(sendQuery({ url: "http://127.0.0.1:9", token: () => token }, TilesDocument, {}), code("UNREACHABLE"));
});

test("only retryable errors are retried", async () => {
  const attempts = async (reason: string) => {
    let count = 0;
    const query = () => {
      count += 1;
      return Promise.reject(new KimError(reason, "", null));
    };
    await assert.rejects(withRetry(query, 1), code(reason));
    return count;
  };
  assert.equal(await attempts("FORBIDDEN"), 1);
  assert.equal(await attempts("TIMEOUT"), 3);
});
