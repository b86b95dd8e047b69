#!/usr/bin/env python3
"""Fetches what is new for a Jobcenter, as a Fachverfahren would. Python 3.9 or newer, nothing else.

KIM_URL    where the server is, without /graphql
KIM_TOKEN  a token of the role SERVICE; in production ask your issuer for a new one before it ends
STATE      the file that remembers how far we are [default: kim-state.json]

Prints each referral to which something happened as one line of JSON, with the kinds of what it was ("changes"): all
there are the first time. Run it every few minutes (cron, systemd timer).
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
# Referrals in one request: a document has 10 fields at the top (docs/limits.md, ROOT_FIELDS).
TOGETHER = 10

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
    """What the server said, by its code (docs/errors.md)."""

    def __init__(self, code, message, request_id=None, wait=None):
        super().__init__(f"{code}: {message} (request {request_id})")
        self.code = code
        self.wait = wait


def ask_once(query, variables):
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
        # 4xx and 5xx have the same body; a proxy in between may have another.
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


def ask(query, variables):
    """A query changes nothing, so it may be asked again; what is wrong with it stays wrong."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return ask_once(query, variables)
        except KimError as error:
            if error.code not in RETRYABLE or attempt == ATTEMPTS:
                raise
            time.sleep(float(error.wait) if (error.wait or "").isdigit() else 2**attempt * random.uniform(0.5, 1))


def pages(query, name, after=None):
    """A list's pages, each with the cursor from which the next goes on: the old one where nothing came."""
    while True:
        page = ask(query, {"after": after})[name]
        after = page["pageInfo"]["endCursor"] or after
        yield page["nodes"], after
        if not page["pageInfo"]["hasNextPage"]:
            return


def referrals(ids):
    """These referrals as they are now, some in one request; None for one that is not ours to see."""
    for start in range(0, len(ids), TOGETHER):
        some = {f"r{place}": one for place, one in enumerate(ids[start:start + TOGETHER])}
        head = ", ".join(f"${name}: ID!" for name in some)
        body = " ".join(f"{name}: referral(id: ${name}) {{ ...Needed }}" for name in some)
        answer = ask(f"query Some({head}) {{ {body} }} {NEEDED}", some)
        yield from (answer[name] for name in some)


def tell(referral, kinds):
    print(json.dumps({**referral, "changes": kinds}, ensure_ascii=False))


def load():
    try:
        with open(STATE, encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return None


def save(state):
    """Whole or not at all: a half-written file would lose our place."""
    with open(STATE + ".new", "w", encoding="utf-8") as file:
        json.dump(state, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(STATE + ".new", STATE)


def main():
    state = load()
    if state is None:
        # The end of the feed first, then the list: what happens in between comes twice, and nothing is missed.
        cursor = None
        for _, cursor in pages(CHANGES, "changes"):
            pass
        for nodes, _ in pages(ALL + NEEDED, "referrals"):
            for referral in nodes:
                tell(referral, [])
        sys.stdout.flush()
        save({"cursor": cursor})
        return
    for changes, cursor in pages(CHANGES, "changes", state["cursor"]):
        kinds = {}
        for change in changes:
            kinds.setdefault(change["referralId"], []).append(change["kind"])
        ids = list(kinds)
        for one, referral in zip(ids, referrals(ids)):
            # What is gone is told too, so that our copy can go.
            tell(referral or {"id": one, "gone": True}, kinds[one])
        sys.stdout.flush()
        # Only now: whoever is interrupted before reads it again.
        save({"cursor": cursor})


if __name__ == "__main__":
    try:
        main()
    except KimError as error:
        sys.exit(str(error))
