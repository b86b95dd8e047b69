// Sends queries to the server: one function, typed by the document, and one error class with a code.

import type { TypedDocumentString } from "./generated.js";

/** The codes of docs/errors.md that this client handles. A later server version may send others. */
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
    /** Identifies the request in the operators' log. */
    readonly requestId: string | null,
  ) {
    super(message);
  }

  /** Whether the same request may succeed later. */
  get isRetryable(): boolean {
    return ["RATE_LIMITED", "TIMEOUT", "INTERNAL", "UNREACHABLE"].includes(this.code);
  }
}

interface Answer<Data> {
  data?: Data | null;
  errors?: { message: string; extensions?: { code?: string } }[];
}

export interface Server {
  /** The URL without /graphql. */
  url: string;
  /** Called for each request, so that a renewed token is used. */
  token: () => string | Promise<string>;
}

/** Sends a query. An answer with an error throws, even if it contains partial data. */
export async function sendQuery<Data, Variables>(
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
  // A proxy may answer with a page of its own.
  const answer = (await response.json().catch(() => ({}))) as Answer<Data>;
  const error = answer.errors?.[0];
  if (error) throw new KimError(error.extensions?.code ?? "INTERNAL", error.message, requestId);
  if (!answer.data) throw new KimError("UNREACHABLE", `HTTP ${response.status}`, requestId);
  return answer.data;
}

/** Retries retryable errors up to three attempts, with increasing delays. Only for queries, which change nothing. */
export async function withRetry<Result>(query: () => Promise<Result>, wait = 500): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await query();
    } catch (error) {
      if (!(error instanceof KimError && error.isRetryable) || attempt === 3) throw error;
      await new Promise((resolve) => setTimeout(resolve, wait * 2 ** attempt * (0.5 + Math.random())));
    }
  }
}
