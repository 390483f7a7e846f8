// Run in this folder, for OUT: the folder where persisted-documents.json and the rest are to be written.
export default {
  schema: "../../../schema/schema.graphql",
  documents: "documents/*.graphql",
  generates: {
    [`${process.env.OUT}/`]: {
      preset: "client",
      presetConfig: { persistedDocuments: { hashAlgorithm: "sha256" }, fragmentMasking: false },
    },
  },
};
