// An OpenID Connect provider with one confidential client, which gets access tokens by its private key.
//
// Environment: PORT (0: any), KEYS (a file with the provider's private keys, created if absent), CLIENT (the client's
// public JWK), AUDIENCE, CLAIMS (JSON, added to each access token). Prints its URL. After a line on standard input it
// rotates its key and prints "rotated": the new key signs, and the old one is no longer published.

import { generateKeyPairSync, randomUUID } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import Provider from "oidc-provider";

const { PORT, KEYS, CLIENT, AUDIENCE, CLAIMS } = process.env;

const newKey = () => ({
  ...generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" }),
  alg: "ES256",
  kid: randomUUID(),
  use: "sig",
});

function provider(iss) {
  const keys = JSON.parse(readFileSync(KEYS, "utf8"));
  return new Provider(iss, {
    jwks: { keys },
    clients: [
      {
        client_id: "fachverfahren-17",
        grant_types: ["client_credentials"],
        redirect_uris: [],
        response_types: [],
        id_token_signed_response_alg: "ES256",
        token_endpoint_auth_method: "private_key_jwt",
        token_endpoint_auth_signing_alg: "ES256",
        jwks: { keys: [JSON.parse(CLIENT)] },
      },
    ],
    enabledJWA: { clientAuthSigningAlgValues: ["ES256"] },
    extraTokenClaims: () => JSON.parse(CLAIMS),
    ttl: { ClientCredentials: 600 },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => "urn:kim",
        getResourceServerInfo: () => ({
          scope: "referral:read",
          audience: AUDIENCE,
          accessTokenFormat: "jwt",
          accessTokenTTL: 600,
          jwt: { sign: { alg: "ES256" } },
        }),
      },
    },
  });
}

if (!existsSync(KEYS)) writeFileSync(KEYS, JSON.stringify([newKey()]));
let answer;
const server = createServer((request, response) => answer(request, response));
server.listen(Number(PORT), "127.0.0.1", () => {
  const iss = `http://127.0.0.1:${server.address().port}`;
  answer = provider(iss).callback();
  console.log(iss);
  createInterface({ input: process.stdin }).on("line", () => {
    writeFileSync(KEYS, JSON.stringify([newKey()]));
    answer = provider(iss).callback();
    console.log("rotated");
  });
});
