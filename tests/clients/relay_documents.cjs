const { graphql } = require("relay-runtime");

graphql`
  query AppQuery {
    projects(first: 1) { edges { node { id ...AppTasks } } }
  }
`;

graphql`
  fragment AppTasks on Project
  @argumentDefinitions(count: { type: "Int", defaultValue: 2 }, cursor: { type: "String" })
  @refetchable(queryName: "AppTasksPaginationQuery") {
    tasks(first: $count, after: $cursor) @connection(key: "App_tasks") {
      edges { node { id title } }
      pageInfo { endCursor hasNextPage }
    }
  }
`;

graphql`
  query AppNodeQuery($id: ID!) {
    node(id: $id) { __typename id ... on Task { title status } }
  }
`;

graphql`
  mutation AppCompleteMutation($input: Completion!) {
    complete(input: $input) { id title status }
  }
`;

graphql`
  mutation AppCreateMutation($input: CreateTaskInput!) {
    createTask(input: $input) {
      __typename
      ... on Task { id title }
      ... on WriteRefused { errors { code message input } }
    }
  }
`;
