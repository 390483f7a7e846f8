// Run in this folder, for OUT: where the manifest is to be written.
module.exports = { documents: "documents/*.graphql", output: process.env.OUT };
