// Serves the tables of a database with PostGraphile on a free loopback port, and prints the port.
// The database is that of PGHOST, PGPORT, PGUSER and PGDATABASE; for the benchmark, which gives the
// port as an argument, that of BENCH_DATABASE_URL.
import { createServer } from "node:http";
import pg from "pg";
import { postgraphile } from "postgraphile";
import { makePgService } from "postgraphile/adaptors/pg";
import { grafserv } from "postgraphile/grafserv/node";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { PostGraphileConnectionFilterPreset } from "postgraphile-plugin-connection-filter";

// Node.js has it from 22 on.
Promise.withResolvers ??= () => {
  const parts = {};
  parts.promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }));
  return parts;
};
const [, , port] = process.argv;
// In the benchmark, as many connections as the other servers have.
const pool = new pg.Pool(
  port ? { connectionString: process.env.BENCH_DATABASE_URL, max: 16 } : { max: 2 },
);
const preset = {
  extends: [PostGraphileAmberPreset, PostGraphileConnectionFilterPreset],
  // Filters and orders of all columns, with an index or without.
  disablePlugins: ["PgIndexBehaviorsPlugin"],
  pgServices: [makePgService({ pool, schemas: ["public"] })],
  grafserv: { graphqlPath: "/graphql", graphiql: false },
};
const server = createServer();
// A client that waits is not disconnected.
server.keepAliveTimeout = 0;
await postgraphile(preset).createServ(grafserv).addTo(server);
server.listen(Number(port ?? 0), "127.0.0.1", () => console.log(server.address().port));
