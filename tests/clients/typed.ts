// A program over the output of graphql-codegen: tsc checks it, then it runs.
import { GraphQLClient } from "graphql-request";
import * as generated from "./gql/graphql.js";

const client = new GraphQLClient(process.argv[2]!);
const fail = (message: string): never => {
  throw new Error(message);
};

const page = await client.request(generated.ReadProjectsDocument, { first: 2 });
const node = page.projects!.edges[1]!.node;
const name: string = node.name;
const budget: number = node.budget;
if (name !== "Project 2" || budget !== 2000.2 || page.projects!.totalCount !== 8) fail("page");

const read = await client.request(generated.ReadTasksDocument, {
  where: { projectId: { eq: 5 }, status: { in: ["OPEN"] } },
  orderBy: [{ title: "DESC" }],
});
const [task] = read.tasks!.nodes;
const status: "OPEN" | "DONE" = task!.status;
if (task!.title !== "Task 5" || status !== "OPEN") fail("tasks");

const created = await client.request(generated.CreateTaskDocument, { input: { projectId: 5, title: "Typed" } });
const result = created.createTask!;
if (result.__typename !== "Task" || result.title !== "Typed") fail("created");
const again = await client.request(generated.CreateTaskDocument, { input: { projectId: 5, title: "Typed" } });
const refused = again.createTask!;
if (refused.__typename !== "WriteRefused" || refused.errors[0]!.code !== "UNIQUE_VIOLATION") fail("refused");

const found = await client.request(generated.ReadNodeDocument, { id: node.id });
if (found.node?.id !== node.id) fail("node");

// @ts-expect-error: the field is required.
const wrong: generated.CreateTaskMutationVariables = { input: { projectId: 5 } };
void wrong;
