// graphql-request: variables, scalars, unions, errors, GET; then an ETag by plain fetch.
// Argument: address of the endpoint.
import assert from "node:assert/strict";
import { ClientError, GraphQLClient, gql } from "graphql-request";

const address = process.argv[2];
const client = new GraphQLClient(address);
const failing = (promise) => promise.then(() => assert.fail("no error"), (error) => error);

const READ = gql`
  query Read($where: TaskWhere!, $first: Int = 2) {
    tasks(where: $where, first: $first, orderBy: [{ status: ASC }, { title: DESC }]) {
      nodes { id rowId title status due token labels colour project { budget } }
      pageInfo { hasNextPage }
    }
  }
`;
const where = { projectId: { eq: 4 }, due: { lte: "2026-01-01T00:00:00Z" }, colour: { eq: "#ff8800" } };
const { tasks } = await client.request(READ, { where });
assert.equal(tasks.pageInfo.hasNextPage, true);
assert.deepEqual(tasks.nodes.map((task) => task.title), ["Task 5", "Task 4"]);
const { id, ...task } = tasks.nodes[0];
assert.deepEqual(task, {
  rowId: 405, title: "Task 5", status: "OPEN", due: "2026-01-01T00:00:00+00:00",
  token: "00000000-0000-0000-0000-000000000001", labels: { snake_case: [1] }, colour: "#ff8800",
  project: { budget: 4000.4 },
});

const WRITE = gql`
  mutation Write($create: CreateTaskInput!, $rowId: BigInt!, $set: UpdateTaskInput!) {
    createTask(input: $create) { __typename ... on Task { title status } }
    updateTask(rowId: $rowId, set: $set) { __typename ... on WriteRefused { errors { code input } } }
  }
`;
const written = await client.request(WRITE, {
  create: { projectId: 4, title: "From graphql-request" }, rowId: 401, set: { title: "" },
});
assert.deepEqual(written, {
  createTask: { __typename: "Task", title: "From graphql-request", status: "OPEN" },
  updateTask: { __typename: "WriteRefused", errors: [{ code: "CHECK_VIOLATION", input: ["set", "title"] }] },
});

// Errors have their status and the whole response.
const missing = await failing(client.request(gql`mutation { complete(input: { taskId: 1 }) { id } }`));
assert.ok(missing instanceof ClientError);
const [{ path, extensions }] = missing.response.errors;
const { hint, ...rest } = extensions;
assert.ok(hint);
assert.deepEqual([missing.response.status, path, rest], [200, ["complete"], { code: "BAD_USER_INPUT", input: ["input", "taskId"] }]);
const colour = await failing(client.request(READ, { where: { colour: { eq: "red" } } }));
assert.match(colour.response.errors[0].message, /A colour begins with #/);
const statuses = [];
for (const token of ["expired", "banned"]) {
  const error = await failing(client.request(gql`{ whoami }`, {}, { authorization: `Bearer ${token}` }));
  statuses.push([error.response.status, error.response.errors[0].extensions.code]);
}
assert.deepEqual(statuses, [[401, "UNAUTHENTICATED"], [403, "FORBIDDEN"]]);
const { data, errors } = await new GraphQLClient(address, { errorPolicy: "all" }).rawRequest(gql`{ project(rowId: 1) { name notes } }`);
assert.deepEqual([data, errors[0].path], [{ project: { name: "Project 1", notes: null } }, ["project", "notes"]]);

// GET, as CDNs want it, with the validator of a cached answer.
const reading = new GraphQLClient(address, { method: "GET" });
const listed = await reading.rawRequest(gql`query List($limit: Int) { projectList(limit: $limit) { name } }`, { limit: 1 });
assert.deepEqual(listed.data, { projectList: [{ name: "Project 1" }] });
const url = `${address}?${new URLSearchParams({ query: "{ projectList(limit: 2) { name } }" })}`;
await (await fetch(url)).text();
const response = await fetch(url);
const etag = response.headers.get("etag");
assert.match(etag ?? "", /^"/);
await response.text();
const unchanged = await fetch(url, { headers: { "if-none-match": etag } });
assert.equal(unchanged.status, 304);
