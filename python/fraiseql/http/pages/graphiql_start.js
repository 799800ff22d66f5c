// Starts GraphiQL against the address that the page itself has.
"use strict";

const place = document.getElementById("graphiql");
const given = new URLSearchParams(window.location.search);
const properties = {
  fetcher: GraphiQL.createFetcher({ url: window.location.pathname }),
  defaultEditorToolsVisibility: true,
};
if (place.dataset.query) properties.defaultQuery = place.dataset.query;
if (given.get("query")) properties.query = given.get("query");
if (given.get("variables")) properties.variables = given.get("variables");

ReactDOM.createRoot(place).render(React.createElement(GraphiQL, properties));
