// PostGraphile with production settings: a worker per core, verified tokens, claims passed as settings.
// Configuration comes from the environment: PG_URL, PORT, JWT_KEY (PEM), JWT_AUDIENCE, JWT_ISSUER, WORKERS, POOL.
import cluster from "node:cluster";
import { createServer } from "node:http";
import { grafserv } from "postgraphile/grafserv/node";
import { postgraphile } from "postgraphile";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { PgLazyJWTPreset } from "postgraphile/presets/lazy-jwt";
import { makePgService } from "postgraphile/adaptors/pg";

const { PG_URL, PORT, JWT_KEY, JWT_AUDIENCE, JWT_ISSUER, WORKERS = "1", POOL = "16" } = process.env;

const preset = {
  extends: [PostGraphileAmberPreset, PgLazyJWTPreset],
  pgServices: [makePgService({ connectionString: PG_URL, schemas: ["peer"], pubsub: false, poolConfig: { max: Number(POOL) } })],
  grafast: { explain: false },
  grafserv: {
    graphqlPath: "/graphql",
    graphiql: false,
    websockets: false,
    pgJwtSecret: JWT_KEY,
    pgJwtVerifyOptions: { algorithms: ["RS256"], audience: JWT_AUDIENCE, issuer: JWT_ISSUER },
  },
};

if (Number(WORKERS) > 1 && cluster.isPrimary) {
  for (let i = 0; i < Number(WORKERS); i++) cluster.fork();
  cluster.on("exit", (worker, code) => process.exit(code || 1));
} else {
  const pgl = postgraphile(preset);
  const server = createServer();
  await pgl.createServ(grafserv).addTo(server);
  server.listen(Number(PORT), "127.0.0.1");
}

if (process.env.PRINT_SCHEMA) {
  const { printSchema } = await import("postgraphile/graphql");
  const { schema } = await postgraphile(preset).getSchemaResult();
  console.log(printSchema(schema));
  process.exit(0);
}
