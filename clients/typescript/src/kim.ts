// Asks the server: one function, typed by the document, and one kind of error with a code.

import type { TypedDocumentString } from "./generated.js";

/** The codes of docs/errors.md that this client has an answer for; a later version may send others. */
export type ErrorCode =
  | "UNAUTHENTICATED"
  | "FORBIDDEN"
  | "BAD_INPUT"
  | "LIMIT_EXCEEDED"
  | "RATE_LIMITED"
  | "TIMEOUT"
  | "INTERNAL"
  | "UNREACHABLE"
  | (string & {});

export class KimError extends Error {
  constructor(
    readonly code: ErrorCode,
    message: string,
    /** What the operators need to find it in their log. */
    readonly requestId: string | null,
  ) {
    super(message);
  }

  /** Whether the same question may be answered a little later. */
  get isRetryable(): boolean {
    return ["RATE_LIMITED", "TIMEOUT", "INTERNAL", "UNREACHABLE"].includes(this.code);
  }
}

interface Answer<Data> {
  data?: Data | null;
  errors?: { message: string; extensions?: { code?: string } }[];
}

export interface Server {
  /** Without /graphql. */
  url: string;
  /** Asked anew for each request, so that a renewed token is used. */
  token: () => string | Promise<string>;
}

/** Asks a query. All or nothing: an answer with an error is an error. */
export async function ask<Data, Variables>(
  server: Server,
  document: TypedDocumentString<Data, Variables>,
  variables: Variables,
): Promise<Data> {
  const response = await fetch(`${server.url}/graphql`, {
    method: "POST",
    headers: {
      accept: "application/graphql-response+json",
      authorization: `Bearer ${await server.token()}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({ query: document.toString(), variables }),
    signal: AbortSignal.timeout(30_000),
  }).catch((cause: unknown) => {
    throw new KimError("UNREACHABLE", String(cause), null);
  });
  const requestId = response.headers.get("x-request-id");
  // A proxy in between may answer with a page of its own.
  const answer = (await response.json().catch(() => ({}))) as Answer<Data>;
  const error = answer.errors?.[0];
  if (error) throw new KimError(error.extensions?.code ?? "INTERNAL", error.message, requestId);
  if (!answer.data) throw new KimError("UNREACHABLE", `HTTP ${response.status}`, requestId);
  return answer.data;
}

/** Asks again when that may help: three times, each after a longer while. Only for queries: they change nothing. */
export async function patiently<Result>(question: () => Promise<Result>, wait = 500): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await question();
    } catch (error) {
      if (!(error instanceof KimError && error.isRetryable) || attempt === 3) throw error;
      await new Promise((resolve) => setTimeout(resolve, wait * 2 ** attempt * (0.5 + Math.random())));
    }
  }
}
