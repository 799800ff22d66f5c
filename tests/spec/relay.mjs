// Reads two pages of a connection through Relay's store, with artifacts of its compiler.
// Arguments: address of the server, directory of the artifacts.
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(import.meta.url);
const relay = require("relay-runtime");
const [address, artifacts] = process.argv.slice(2);

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

const artifact = (name) => require(join(artifacts, `${name}.graphql.js`));
const selected = (fragment, owner) =>
  environment.lookup(relay.getSingularSelector(artifact(fragment), owner)).data;

const query = artifact("AppQuery");
const data = await relay.fetchQuery(environment, query, {}).toPromise();
const operation = relay.createOperationDescriptor(relay.getRequest(query), {});
environment.retain(operation);
const author = environment.lookup(operation.fragment).data.authors.edges[0].node;
const before = selected("AppPosts", author);
const variables = { id: data.authors.edges[0].node.id, cursor: before.posts.pageInfo.endCursor };
await relay.fetchQuery(environment, artifact("AppPostsPaginationQuery"), variables).toPromise();
const after = selected("AppPosts", author);
const titles = (fragment) => fragment.posts.edges.map((edge) => edge.node.title);
console.log(JSON.stringify({ before: titles(before), after: titles(after), info: after.posts.pageInfo }));
