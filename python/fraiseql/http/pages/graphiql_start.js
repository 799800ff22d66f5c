// Starts GraphiQL against the address that the page itself has.
"use strict";

const place = document.getElementById("graphiql");
// The name under which the bundle looks for the nonce of the style elements that it adds.
globalThis.__webpack_nonce__ = place.dataset.nonce;
const given = new URLSearchParams(window.location.search);
const properties = {
  fetcher: GraphiQL.createFetcher({ url: window.location.pathname }),
  defaultEditorToolsVisibility: true,
};
if (place.dataset.query) properties.defaultQuery = place.dataset.query;
if (given.get("query")) properties.query = given.get("query");
if (given.get("variables")) properties.variables = given.get("variables");

ReactDOM.createRoot(place).render(React.createElement(GraphiQL, properties));
