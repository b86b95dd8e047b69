#!/usr/bin/env python3
"""Fetches what is new for a Jobcenter, as a Fachverfahren would. Python 3.9 or newer, nothing else.

KIM_URL    where the server is, without /graphql
KIM_TOKEN  a token of the role SERVICE; in production ask your issuer for a new one before it ends
STATE      the file that remembers how far we are [default: kim-state.json]

Prints each new or changed referral as one line of JSON. Run it every few minutes (cron, systemd timer).
docs/integration.md explains every step.
"""

import json
import os
import random
import sys
import time
import urllib.error
import urllib.request
from datetime import datetime, timedelta

URL = os.environ.get("KIM_URL", "http://127.0.0.1:8080") + "/graphql"
TOKEN = os.environ.get("KIM_TOKEN", "")
STATE = os.environ.get("STATE", "kim-state.json")

RETRYABLE = {"RATE_LIMITED", "TIMEOUT", "INTERNAL", "UNREACHABLE"}
ATTEMPTS = 4
# Changes are read again for so long: transactions may become visible a moment after their time stamp.
OVERLAP = timedelta(minutes=5)

CHANGED = """
query Changed($since: DateTime, $after: String) {
  referrals(direction: INCOMING, filter: {updatedAfter: $since}, orderBy: OFFERED_AT_ASC, first: 50, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes {
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
  }
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


def changed(since):
    """Every referral that changed after an instant, page by page."""
    after = None
    while True:
        page = ask(CHANGED, {"since": since, "after": after})["referrals"]
        yield from page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]


def instant(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def load():
    try:
        with open(STATE, encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return {"newest": None, "recent": {}}


def save(state):
    """Whole or not at all: a half-written file would lose our place."""
    with open(STATE + ".new", "w", encoding="utf-8") as file:
        json.dump(state, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(STATE + ".new", STATE)


def main():
    state = load()
    newest = state["newest"] and instant(state["newest"])
    seen = []
    for referral in changed((newest - OVERLAP).isoformat() if newest else None):
        seen.append(referral)
        # The overlap brings what we have already: id and version tell.
        if state["recent"].get(referral["id"]) != referral["version"]:
            print(json.dumps(referral, ensure_ascii=False))
    sys.stdout.flush()
    # Only now: whoever is interrupted before reads it again.
    if seen:
        newest = max(instant(referral["updatedAt"]) for referral in seen)
        recent = {one["id"]: one["version"] for one in seen if instant(one["updatedAt"]) >= newest - OVERLAP}
        save({"newest": newest.isoformat(), "recent": recent})


if __name__ == "__main__":
    try:
        main()
    except KimError as error:
        sys.exit(str(error))
