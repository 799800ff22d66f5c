// urql: normalised cache with pages, optimistic writes, persisted queries by GET, errors.
// Argument: address of the endpoint.
import assert from "node:assert/strict";
import { Client, fetchExchange, gql } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";
import { relayPagination } from "@urql/exchange-graphcache/extras";
import { persistedExchange } from "@urql/exchange-persisted";
import { buildClientSchema, getIntrospectionQuery } from "graphql";

const url = process.argv[2];
const requests = [];
const recording = async (address, options) => {
  requests.push({ method: options.method, address: String(address), body: options.body });
  return fetch(address, options);
};
// The schema-aware cache wants an introspection, which a client of graphql-js also accepts.
const asked = await fetch(url, {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ query: getIntrospectionQuery({ inputValueDeprecation: true, oneOf: true }) }),
});
const schema = (await asked.json()).data;
assert.ok(buildClientSchema(schema).getType("Task"));

const connect = (headers = {}, cached = true) =>
  new Client({
    url,
    fetch: recording,
    fetchOptions: { headers },
    preferGetMethod: false,
    exchanges: [
      ...(cached
        ? [
            cacheExchange({
              schema,
              keys: { WriteError: () => null, WriteRefused: () => null },
              resolvers: { Query: { projects: relayPagination() }, Project: { tasks: relayPagination() } },
              optimistic: {
                complete: ({ input }) => ({ __typename: "Task", id: TASK_ID, rowId: input.taskId, status: "DONE" }),
              },
              updates: {
                Mutation: {
                  createTask: (result, { input }, cache) => {
                    if (result.createTask.__typename !== "Task") return;
                    const project = { __typename: "Project", id: PROJECT_ID };
                    const lists = cache.inspectFields(project).filter(({ fieldName }) => fieldName === "tasks");
                    for (const list of lists) cache.invalidate(project, list.fieldName, list.arguments);
                  },
                },
              },
            }),
          ]
        : []),
      persistedExchange({ preferGetForPersistedQueries: "force" }),
      fetchExchange,
    ],
  });
let PROJECT_ID = "";
let TASK_ID = "";
const client = connect();
const done = (result) => {
  assert.equal(result.error, undefined, String(result.error));
  return result.data;
};

const PROJECTS = gql`
  query Projects($after: String) {
    projects(first: 3, after: $after) {
      edges { cursor node { id rowId name } }
      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }
    }
  }
`;
const TASKS = gql`
  query Tasks($id: ID!, $after: String) {
    node(id: $id) {
      id
      ... on Project {
        name
        tasks(first: 2, after: $after) {
          edges { cursor node { id rowId title status } }
          pageInfo { startCursor endCursor hasNextPage hasPreviousPage }
        }
      }
    }
  }
`;
const names = (data) => data.projects.edges.map((edge) => edge.node.name);
const titles = (data) => data.node.tasks.edges.map((edge) => edge.node.title);

const first = done(await client.query(PROJECTS, {}).toPromise());
assert.deepEqual(names(first), ["Project 1", "Project 2", "Project 3"]);
const after = first.projects.pageInfo.endCursor;
const second = done(await client.query(PROJECTS, { after }).toPromise());
assert.deepEqual(names(second).length, 6);
const calls = requests.length;
assert.equal(names(done(await client.query(PROJECTS, {}).toPromise())).length, 6);
assert.equal(requests.length, calls, "the list is in the cache");
assert.ok(requests.every(({ method }) => method === "GET"));
assert.deepEqual(requests.map(({ address }) => new URL(address).searchParams.has("query")), [false, true, false]);

PROJECT_ID = first.projects.edges[2].node.id;
const variables = { id: PROJECT_ID };
const page = done(await client.query(TASKS, variables).toPromise());
assert.deepEqual(titles(page), ["Task 1", "Task 2"]);
TASK_ID = page.node.tasks.edges[0].node.id;

// Optimistic: every watcher sees the state at once, and the answer's instant afterwards.
const seen = [];
const watching = client.query(TASKS, variables).subscribe(({ data }) => seen.push(data.node.tasks.edges[0].node.status));
const COMPLETE = gql`mutation Complete($input: Completion!) { complete(input: $input) { id rowId status } }`;
const completed = done(await client.mutation(COMPLETE, { input: { taskId: "301" } }).toPromise());
assert.deepEqual(completed.complete.status, "DONE");
watching.unsubscribe();
assert.deepEqual([seen[0], seen.at(-1)], ["OPEN", "DONE"]);

const CREATE = gql`
  mutation Create($input: CreateTaskInput!) {
    createTask(input: $input) {
      ... on Task { id title status project { id } }
      ... on WriteRefused { errors { code message input } }
    }
  }
`;
const input = { projectId: 3, title: "From urql", status: "DONE" };
const created = done(await client.mutation(CREATE, { input }).toPromise()).createTask;
assert.equal(created.title, "From urql");
const again = done(await client.query(TASKS, { id: PROJECT_ID }).toPromise());
assert.equal(again.node.tasks.edges.length, 2);
const refused = done(await client.mutation(CREATE, { input }).toPromise()).createTask;
assert.deepEqual(refused.errors[0].input, ["input", "projectId"]);
assert.equal(refused.errors[0].code, "UNIQUE_VIOLATION");

// Errors: partial data with paths, validation, 401 and 403.
const partial = await client.query(gql`{ project(rowId: 1) { id name notes } }`, {}).toPromise();
assert.equal(partial.data.project.name, "Project 1");
assert.deepEqual(partial.error.graphQLErrors[0].path, ["project", "notes"]);
const plain = connect({}, false);
const invalid = await plain.query(gql`{ project(rowId: 1) { nam } }`, {}).toPromise();
assert.equal(invalid.error.graphQLErrors[0].extensions.code, "GRAPHQL_VALIDATION_FAILED");
const status = async (token) => {
  const { error } = await connect({ authorization: `Bearer ${token}` }, false).query(gql`{ whoami }`, {}).toPromise();
  return [error.response.status, error.graphQLErrors[0]?.extensions.code ?? null];
};
console.log(JSON.stringify({ expired: await status("expired"), banned: await status("banned") }));
