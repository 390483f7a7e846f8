import { constants } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { compression, defineAlgorithm } from "vite-plugin-compression2";

const server = process.env.ROOMKEY_URL ?? "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [
    react(),
    compression({
      include: /\.(js|css|svg|ttf)$/,
      algorithms: [
        defineAlgorithm("brotliCompress", { params: { [constants.BROTLI_PARAM_QUALITY]: 10 } }),
        defineAlgorithm("gzip", { level: 9 }),
      ],
    }),
  ],
  build: {
    outDir: "../api/built",
    emptyOutDir: true,
    // Monaco is large, but only GraphiQL loads it.
    chunkSizeWarningLimit: 5000,
    rolldownOptions: {
      input: ["index.html", "graphiql.html"],
      // GraphiQL's files have directives for the React Compiler, which is not used here.
      checks: { moduleLevelDirective: false, pluginTimings: false, bundlerTimings: false },
    },
  },
  server: { proxy: { "/graphql": server, "/sign-in": server } },
});
