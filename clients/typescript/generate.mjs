// Generates src/generated.ts from the user's schema and from src/*.graphql.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { codegen } from "@graphql-codegen/core";
import * as typedDocumentNode from "@graphql-codegen/typed-document-node";
import * as typescript from "@graphql-codegen/typescript";
import * as operations from "@graphql-codegen/typescript-operations";
import { parse } from "graphql";

const SCHEMA = "../../graphql/schema/AUSLAENDERBEHOERDE.CLERK.graphql";
const OUTPUT = "src/generated.ts";

const at = (path) => new URL(path, import.meta.url);
const read = (path) => parse(readFileSync(at(path), "utf8"));
const documents = readdirSync(at("src"))
  .filter((name) => name.endsWith(".graphql"))
  .sort()
  .map((name) => ({ location: `src/${name}`, document: read(`src/${name}`) }));

const generated = await codegen({
  schema: read(SCHEMA),
  documents,
  filename: OUTPUT,
  pluginMap: { typescript, operations, typedDocumentNode },
  plugins: [{ typescript: {} }, { operations: {} }, { typedDocumentNode: {} }],
  config: {
    documentMode: "string",
    enumsAsTypes: true,
    // The server may add enum values at any time: the compiler requires a branch for unknown values.
    futureProofEnums: true,
    onlyOperationTypes: true,
    scalars: { BirthDatePart: "string", Date: "string", DateTime: "string", ID: "string", Month: "string" },
    skipTypename: true,
    strictScalars: true,
    useTypeImports: true,
  },
});
writeFileSync(at(OUTPUT), generated);
