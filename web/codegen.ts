import type { CodegenConfig } from "@graphql-codegen/cli";
import { addTypenameSelectionDocumentTransform } from "@graphql-codegen/client-preset";

const config: CodegenConfig = {
  schema: "../schema/schema.graphql",
  documents: ["src/**/*.{ts,tsx}", "!src/graphiql/**", "!src/gql/**"],
  generates: {
    "src/gql/": {
      preset: "client",
      presetConfig: {
        // Each document is published by its hash; the manifest is written beside the types.
        persistedDocuments: { hashAlgorithm: "sha256", hashPropertyName: "documentId" },
        fragmentMasking: false,
      },
      // What is published must be what the cache needs, to the letter.
      documentTransforms: [addTypenameSelectionDocumentTransform],
      config: {
        useTypeImports: true,
        enumsAsTypes: true,
        strictScalars: true,
        scalars: { DateTime: "string", Decimal: "string", URL: "string", JSON: "Record<string, unknown>" },
      },
    },
  },
};

export default config;
