// Configuration of graphql-codegen: types of the operations in operations.graphql.
export default {
  schema: process.env.SCHEMA,
  documents: process.env.DOCUMENTS,
  silent: true,
  emitLegacyCommonJSImports: false,
  importExtension: ".js",
  generates: {
    [process.env.OUTPUT]: {
      preset: "client",
      config: {
        scalars: {
          BigInt: { input: "string | number", output: "number" },
          Colour: "string",
          Date: "string",
          DateTime: "string",
          Decimal: { input: "string | number", output: "number" },
          JSON: { input: "unknown", output: "unknown" },
          UUID: "string",
        },
        strictScalars: true,
        useTypeImports: true,
      },
    },
  },
};
