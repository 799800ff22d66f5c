// Relay: pages, node, and a mutation with an optimistic answer, through its compiler's artifacts and its store.
// Arguments: address of the endpoint, directory of the artifacts.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(new URL("../spec/package.json", import.meta.url));
const relay = require("relay-runtime");
const [address, artifacts] = process.argv.slice(2);
const artifact = (name) => require(join(artifacts, `${name}.graphql.js`));

const environment = new relay.Environment({
  network: relay.Network.create(async (request, variables) => {
    const response = await fetch(address, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/graphql-response+json" },
      body: JSON.stringify({ query: request.text, variables }),
    });
    return response.json();
  }),
  store: new relay.Store(new relay.RecordSource()),
});
const fetched = async (name, variables) => {
  const query = artifact(name);
  await relay.fetchQuery(environment, query, variables).toPromise();
  const operation = relay.createOperationDescriptor(relay.getRequest(query), variables);
  environment.retain(operation);
  return environment.lookup(operation.fragment).data;
};
const listed = (owner) => environment.lookup(relay.getSingularSelector(artifact("AppTasks"), owner)).data.tasks;
const titles = (tasks) => tasks.edges.map((edge) => edge.node.title);

const { projects } = await fetched("AppQuery", {});
const project = projects.edges[0].node;
const before = listed(project);
assert.deepEqual(titles(before), ["Task 1", "Task 2"]);
await fetched("AppTasksPaginationQuery", { id: project.id, cursor: before.pageInfo.endCursor });
assert.deepEqual(titles(listed(project)), ["Task 1", "Task 2", "Task 3", "Task 4"]);
assert.equal(listed(project).pageInfo.hasNextPage, true);

const task = before.edges[0].node;
const { node } = await fetched("AppNodeQuery", { id: task.id });
assert.deepEqual([node.__typename, node.title, node.status], ["Task", "Task 1", "OPEN"]);

const seen = [];
const query = artifact("AppNodeQuery");
const watched = environment.lookup(relay.createOperationDescriptor(relay.getRequest(query), { id: task.id }).fragment);
const subscription = environment.subscribe(watched, ({ data }) => seen.push(data.node.status));
const commit = (mutation, variables, more = {}) =>
  new Promise((resolve, reject) =>
    relay.commitMutation(environment, {
      mutation: artifact(mutation),
      variables,
      onCompleted: (response, errors) => (errors?.length ? reject(new Error(JSON.stringify(errors))) : resolve(response)),
      onError: reject,
      ...more,
    }),
  );
await commit(
  "AppCompleteMutation",
  { input: { taskId: "101" } },
  { optimisticResponse: { complete: { id: task.id, title: "Task 1", status: "DONE" } } },
);
subscription.dispose();
assert.deepEqual(seen[0], "DONE");
assert.equal(listed(project).edges[0].node.id, task.id);

// A refusal has no edge: an updater looks at the type, as `@appendNode` does not.
const updater = (store) => {
  const record = store.getRootField("createTask");
  if (record.getType() !== "Task") return;
  const tasks = relay.ConnectionHandler.getConnection(store.get(project.id), "App_tasks");
  relay.ConnectionHandler.insertEdgeAfter(tasks, relay.ConnectionHandler.createEdge(store, tasks, record, "TaskEdge"));
};
const variables = { input: { projectId: 1, title: "From Relay" } };
const created = await commit("AppCreateMutation", variables, { updater });
assert.equal(created.createTask.__typename, "Task");
const refused = await commit("AppCreateMutation", variables, { updater });
assert.equal(refused.createTask.errors[0].code, "UNIQUE_VIOLATION");
assert.deepEqual(titles(listed(project)).slice(3), ["Task 4", "From Relay"]);
