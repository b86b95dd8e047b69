// Writes build/embedded.js: the types without an id. Run: node types.js SCHEMA, with a schema of `kim schema`.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { buildSchema, isObjectType } from "graphql";

const schema = buildSchema(readFileSync(process.argv[2], "utf8"));
const roots = [schema.getQueryType(), schema.getMutationType()];
const embedded = Object.values(schema.getTypeMap())
  .filter((type) => isObjectType(type) && !type.name.startsWith("__") && !roots.includes(type))
  .filter((type) => !("id" in type.getFields()))
  .map(({ name }) => name);
mkdirSync("build", { recursive: true });
writeFileSync("build/embedded.js", `export const embedded = ${JSON.stringify(embedded, null, 2)};\n`);
