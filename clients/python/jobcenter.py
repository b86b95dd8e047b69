#!/usr/bin/env python3
"""Polls changes for a Jobcenter, as a Fachverfahren would. Needs only Python 3.9 or newer.

KIM_URL    URL of the server, without /graphql
KIM_TOKEN  a token of the role SERVICE; in production get a new one from your issuer before it expires
STATE      file that stores the cursor [default: kim-state.json]

Prints each changed referral as one line of JSON, with the kinds of its changes ("changes"). The first run prints all
referrals. Run it every few minutes (cron, systemd timer).
docs/integration.md explains every step.
"""

import json
import os
import random
import sys
import time
import urllib.error
import urllib.request

URL = os.environ.get("KIM_URL", "http://127.0.0.1:8080") + "/graphql"
TOKEN = os.environ.get("KIM_TOKEN", "")
STATE = os.environ.get("STATE", "kim-state.json")

RETRYABLE = {"RATE_LIMITED", "TIMEOUT", "INTERNAL", "UNREACHABLE"}
ATTEMPTS = 4
# Referrals per request: a list may have 100 ids (docs/limits.md, IDS).
BATCH_SIZE = 100

CHANGES = """
query Changes($after: String) {
  changes(after: $after, first: 100) {
    pageInfo { hasNextPage endCursor }
    nodes { kind referralId }
  }
}
"""

ALL = """
query All($after: String) {
  referrals(direction: INCOMING, orderBy: OFFERED_AT_ASC, first: 50, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes { ...Needed }
  }
}
"""

SOME = """
query Some($ids: [ID!]!) {
  referralsById(ids: $ids) { ...Needed }
}
"""

NEEDED = """
fragment Needed on Referral {
  id
  version
  reference
  status
  updatedAt
  dueOn
  purpose { code }
  sender { slug }
  handover { familyName givenName birthDate postalCode needSince withheld { field reason } }
}
"""


class KimError(Exception):
    """An error of the server with its code (docs/errors.md)."""

    def __init__(self, code, message, request_id=None, wait=None):
        super().__init__(f"{code}: {message} (request {request_id})")
        self.code = code
        self.wait = wait


def send(query, variables):
    body = json.dumps({"query": query, "variables": variables}).encode()
    request = urllib.request.Request(URL, body, {
        "Accept": "application/graphql-response+json",
        "Authorization": f"Bearer {TOKEN}",
        "Content-Type": "application/json",
    })
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            headers, text = response.headers, response.read()
    except urllib.error.HTTPError as error:
        # 4xx and 5xx answers of the server have the same body. A proxy may send a different one.
        headers, text = error.headers, error.read()
    except OSError as error:
        raise KimError("UNREACHABLE", error) from error
    request_id = headers.get("X-Request-Id")
    try:
        answer = json.loads(text)
    except ValueError:
        raise KimError("UNREACHABLE", "the answer is not the server's", request_id) from None
    if answer.get("errors"):
        first = answer["errors"][0]
        code = first.get("extensions", {}).get("code", "INTERNAL")
        raise KimError(code, first["message"], request_id, headers.get("Retry-After"))
    return answer["data"]


def query_with_retry(query, variables):
    """Sends a query and retries if that may help. Queries change nothing, so a retry is safe."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return send(query, variables)
        except KimError as error:
            if error.code not in RETRYABLE or attempt == ATTEMPTS:
                raise
            time.sleep(float(error.wait) if (error.wait or "").isdigit() else 2**attempt * random.uniform(0.5, 1))


def pages(query, name, after=None):
    """The pages of a list, each with the cursor for the next page. An empty page keeps the old cursor."""
    while True:
        page = query_with_retry(query, {"after": after})[name]
        after = page["pageInfo"]["endCursor"] or after
        yield page["nodes"], after
        if not page["pageInfo"]["hasNextPage"]:
            return


def referrals(ids):
    """The current state of these referrals, fetched in batches. None for a referral that is no longer visible."""
    for start in range(0, len(ids), BATCH_SIZE):
        yield from query_with_retry(SOME + NEEDED, {"ids": ids[start:start + BATCH_SIZE]})["referralsById"]


def print_change(referral, kinds):
    print(json.dumps({**referral, "changes": kinds}, ensure_ascii=False))


def load():
    try:
        with open(STATE, encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return None


def save(state):
    """Writes the state atomically, so that a crash cannot leave a half-written file."""
    with open(STATE + ".new", "w", encoding="utf-8") as file:
        json.dump(state, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(STATE + ".new", STATE)


def main():
    state = load()
    if state is None:
        # First the end of the feed, then the list: a change in between is reported twice, and none is missed.
        cursor = None
        for _, cursor in pages(CHANGES, "changes"):
            pass
        for nodes, _ in pages(ALL + NEEDED, "referrals"):
            for referral in nodes:
                print_change(referral, [])
        sys.stdout.flush()
        save({"cursor": cursor})
        return
    for changes, cursor in pages(CHANGES, "changes", state["cursor"]):
        kinds = {}
        for change in changes:
            kinds.setdefault(change["referralId"], []).append(change["kind"])
        ids = list(kinds)
        for one, referral in zip(ids, referrals(ids)):
            # Report removed referrals too, so that the receiver of these lines can delete its copy.
            print_change(referral or {"id": one, "gone": True}, kinds[one])
        sys.stdout.flush()
        # Saved last, so that an interrupted run reads the page again.
        save({"cursor": cursor})


if __name__ == "__main__":
    try:
        main()
    except KimError as error:
        sys.exit(str(error))
