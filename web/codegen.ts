import type { CodegenConfig } from "@graphql-codegen/cli";
import { addTypenameSelectionDocumentTransform } from "@graphql-codegen/client-preset";

const config: CodegenConfig = {
  schema: "../schema/schema.graphql",
  documents: ["src/**/*.{ts,tsx}", "!src/**/*.test.ts", "!src/graphiql/**", "!src/gql/**"],
  generates: {
    "src/gql/": {
      preset: "client",
      presetConfig: {
        // Also writes a manifest of persisted documents, by hash.
        persistedDocuments: { hashAlgorithm: "sha256", hashPropertyName: "documentId" },
        fragmentMasking: false,
      },
      // The cache needs `__typename`. It must be part of the documents before they are hashed.
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
