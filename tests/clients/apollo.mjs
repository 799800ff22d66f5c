// Apollo Client: pages merged in its cache, optimistic writes, persisted queries, errors.
// Argument: address of the endpoint.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { relayStylePagination } from "@apollo/client/utilities";
import { possibleTypes } from "./possible_types.mjs";

const uri = process.argv[2];
const requests = [];
const recording = async (address, options) => {
  requests.push({ method: options.method ?? "GET", address: String(address), body: options.body });
  return fetch(address, options);
};
const sha256 = (text) => createHash("sha256").update(text).digest("hex");
const cache = new InMemoryCache({
  possibleTypes: await possibleTypes(uri),
  typePolicies: {
    Query: { fields: { projects: relayStylePagination() } },
    Project: { fields: { tasks: relayStylePagination(["where"]) } },
  },
});
const http = (headers = {}) => new HttpLink({ uri, fetch: recording, headers });
const client = new ApolloClient({
  link: ApolloLink.from([new PersistedQueryLink({ sha256, useGETForHashedQueries: true }), http()]),
  cache,
});

const TASKS = gql`
  query Tasks($id: ID!, $after: String) {
    node(id: $id) {
      id
      ... on Project {
        name
        tasks(first: 2, after: $after) {
          edges { cursor node { id title status project { id name } } }
          pageInfo { startCursor endCursor hasNextPage hasPreviousPage }
          totalCount
        }
      }
    }
  }
`;
const PROJECTS = gql`
  query Projects($after: String) {
    projects(first: 3, after: $after) {
      edges { cursor node { id rowId name budget } }
      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }
    }
  }
`;
const CREATE = gql`
  mutation Create($input: CreateTaskInput!) {
    createTask(input: $input) {
      __typename
      ... on Task { id title status colour project { id } }
      ... on WriteRefused { errors { code message input } }
    }
  }
`;
const COMPLETE = gql`
  mutation Complete($input: Completion!) { complete(input: $input) { id status due } }
`;

// Connections: `fetchMore` appends a page to the list in the cache.
const watched = client.watchQuery({ query: PROJECTS });
const first = await new Promise((resolve) => {
  watched.subscribe((result) => result.dataState === "complete" && resolve(result));
});
assert.deepEqual(first.data.projects.edges.map((edge) => edge.node.rowId), [1, 2, 3]);
await watched.fetchMore({ variables: { after: first.data.projects.pageInfo.endCursor } });
const merged = client.readQuery({ query: PROJECTS }).projects;
assert.deepEqual(merged.edges.map((edge) => edge.node.rowId), [1, 2, 3, 4, 5, 6]);
assert.equal(merged.pageInfo.hasNextPage, true);

// Automatic persisted queries: the digest by GET, digest and text by POST, then the digest by GET.
const sent = requests.map(({ method, address }) => [method, new URL(address).searchParams.has("query")]);
assert.deepEqual(sent, [["GET", false], ["POST", false], ["GET", false]]);

// Objects are normalised by their global ids: `node` answers from what the list has read.
const id = merged.edges[1].node.id;
const page = (await client.query({ query: TASKS, variables: { id } })).data.node;
assert.equal(page.name, "Project 2");
assert.equal(page.tasks.totalCount, 5);
assert.deepEqual(page.tasks.edges.map((edge) => edge.node.title), ["Task 1", "Task 2"]);
const projectOf = cache.extract()[cache.identify(page.tasks.edges[0].node)].project;
assert.deepEqual(projectOf, { __ref: `Project:${id}` });
await client.query({ query: TASKS, variables: { id, after: page.tasks.pageInfo.endCursor }, fetchPolicy: "network-only" });
const all = client.readQuery({ query: TASKS, variables: { id } }).node.tasks;
assert.deepEqual(all.edges.map((edge) => edge.node.title), ["Task 1", "Task 2", "Task 3", "Task 4"]);

// An optimistic mutation changes the cached object at once, and the answer then replaces it.
const task = all.edges[0].node;
const seen = [];
const fragment = gql`fragment State on Task { status due }`;
client.watchFragment({ fragment, from: task }).subscribe(({ data }) => seen.push(data.status + (data.due ? "" : "?")));
const completing = client.mutate({
  mutation: COMPLETE,
  variables: { input: { taskId: "201", at: "2026-05-01T12:00:00+02:00" } },
  optimisticResponse: { complete: { __typename: "Task", id: task.id, status: "DONE", due: null } },
});
assert.equal((await completing).data.complete.due, "2026-05-01T10:00:00+00:00");
assert.equal(client.readFragment({ id: cache.identify(task), fragment }).due, "2026-05-01T10:00:00+00:00");

// A generated mutation answers a union: the created task, or why it was refused.
const input = { projectId: 2, title: "From Apollo", colour: "#123456" };
const created = (await client.mutate({
  mutation: CREATE,
  variables: { input },
  update(store, { data }) {
    store.modify({
      id: store.identify(page),
      fields: { tasks: (tasks, { toReference }) => ({ ...tasks, edges: [...tasks.edges, { __typename: "TaskEdge", cursor: "", node: toReference(data.createTask) }] }) },
    });
  },
})).data.createTask;
assert.deepEqual([created.__typename, created.status, created.colour], ["Task", "OPEN", "#123456"]);
assert.equal(client.readQuery({ query: TASKS, variables: { id } }).node.tasks.edges.at(-1).node.title, "From Apollo");
const refused = (await client.mutate({ mutation: CREATE, variables: { input } })).data.createTask;
assert.deepEqual(refused.errors.map(({ code, message, input }) => [code, message, input]), [
  ["UNIQUE_VIOLATION", "The project has a task with this title.", ["input", "projectId"]],
]);

// Errors: with a path and partial data; of validation; of a 401 and a 403.
const NOTES = gql`{ project(rowId: 1) { id name notes } }`;
const partial = await client.query({ query: NOTES, errorPolicy: "all" });
assert.deepEqual([partial.data.project.name, partial.data.project.notes], ["Project 1", null]);
assert.ok(CombinedGraphQLErrors.is(partial.error));
assert.deepEqual(partial.error.errors[0].path, ["project", "notes"]);
assert.equal(partial.error.errors[0].extensions.code, "FORBIDDEN");
const failing = (options) => client.query({ fetchPolicy: "network-only", ...options }).then(() => assert.fail("no error"), (error) => error);
const invalid = await failing({ query: gql`{ project(rowId: 1) { id nam } }` });
assert.ok(CombinedGraphQLErrors.is(invalid), String(invalid));
assert.equal(invalid.errors[0].extensions.code, "GRAPHQL_VALIDATION_FAILED");
const refusal = async (token) => {
  const other = new ApolloClient({ link: http({ authorization: `Bearer ${token}` }), cache: new InMemoryCache() });
  const error = await other.query({ query: gql`{ whoami }` }).then(() => assert.fail("no error"), (caught) => caught);
  return CombinedGraphQLErrors.is(error) ? error.errors[0].extensions.code : String(error);
};
console.log(JSON.stringify({ expired: await refusal("expired"), banned: await refusal("banned"), seen }));
client.stop();
